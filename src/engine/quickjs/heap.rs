//! The allocator QuickJS gets: counts what it holds and refuses what would pass the limit.
//!
//! QuickJS has a limit of its own, but tells of it only by an error the guest can catch or imitate. This one
//! raises a flag that no guest can reach, and knows the heap's size without walking it. It costs nothing
//! that could be measured, for QuickJS takes small objects from arenas and comes here for whole ones only.

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::ptr;
use std::rc::Rc;

use bytesize::ByteSize;
use rquickjs::allocator::Allocator;

/// What an isolate's allocator and the isolate know of each other.
#[derive(Debug, Default)]
pub struct Heap {
    held: Cell<usize>,
    limit: Cell<Option<usize>>,
    refused: Cell<bool>,
}

impl Heap {
    /// Puts a limit in force; `None` lifts it.
    pub fn limit_to(&self, limit: Option<ByteSize>) {
        self.limit.set(limit.map(|limit| usize::try_from(limit.as_u64()).unwrap_or(usize::MAX)));
    }

    /// Bytes taken from the system and not given back.
    pub fn held(&self) -> ByteSize {
        ByteSize::b(self.held.get() as u64)
    }

    /// Whether more is held than the limit in force allows.
    pub fn is_over_limit(&self) -> bool {
        self.limit.get().is_some_and(|limit| self.held.get() > limit)
    }

    /// Whether memory was refused since this was last asked.
    pub fn take_refused(&self) -> bool {
        self.refused.replace(false)
    }

    /// Whether the heap may become `grown` bytes larger after `freed` bytes are given back.
    fn admits(&self, grown: usize, freed: usize) -> bool {
        let after = (self.held.get() - freed).checked_add(grown);
        let admitted = match (after, self.limit.get()) {
            (None, _) => false,
            (Some(after), Some(limit)) => after <= limit,
            (Some(_), None) => true,
        };
        if !admitted {
            self.refused.set(true);
        }
        admitted
    }

    fn changed(&self, grown: usize, freed: usize) {
        self.held.set(self.held.get() - freed + grown);
    }
}

/// The allocator of one QuickJS runtime.
pub struct Counting(pub Rc<Heap>);

/// What malloc guarantees on the machines we build for, and what the header keeps intact.
const ALIGN: usize = 16;

/// Stands before each block and holds its usable size, which C does not hand back when it frees.
const HEADER: usize = ALIGN;

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, ALIGN).ok()
}

impl Counting {
    fn take(&self, size: usize, from_system: unsafe fn(Layout) -> *mut u8) -> *mut u8 {
        let Some(layout) = layout(size).filter(|_| self.0.admits(size, 0)) else {
            return ptr::null_mut();
        };
        // SAFETY: the layout's size is at least HEADER, thus not zero.
        let block = unsafe { from_system(layout) };
        if block.is_null() {
            self.0.refused.set(true);
            return block;
        }
        self.0.changed(size, 0);
        // SAFETY: the block is at least HEADER bytes long and aligned for usize.
        unsafe {
            block.cast::<usize>().write(size);
            block.add(HEADER)
        }
    }
}

// SAFETY: every pointer handed out has `size` usable bytes at ALIGN, a multiple of usize's alignment, behind
// a header that records `size`; the other functions read that header, and get only pointers from here.
unsafe impl Allocator for Counting {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        self.take(size, alloc::alloc)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        count.checked_mul(size).map_or(ptr::null_mut(), |size| self.take(size, alloc::alloc_zeroed))
    }

    unsafe fn dealloc(&mut self, ptr: *mut u8) {
        // SAFETY: `ptr` came from `take` or `realloc`, so its header stands before it and tells the layout.
        unsafe {
            let size = Self::usable_size(ptr);
            self.0.changed(0, size);
            alloc::dealloc(ptr.sub(HEADER), Layout::from_size_align_unchecked(size + HEADER, ALIGN));
        }
    }

    unsafe fn realloc(&mut self, ptr: *mut u8, new_size: usize) -> *mut u8 {
        if ptr.is_null() {
            return self.take(new_size, alloc::alloc);
        }
        // SAFETY: as in `dealloc`; the new size was checked to make a layout.
        unsafe {
            let size = Self::usable_size(ptr);
            let Some(new) = layout(new_size).filter(|_| self.0.admits(new_size, size)) else {
                return ptr::null_mut();
            };
            let old = Layout::from_size_align_unchecked(size + HEADER, ALIGN);
            let block = alloc::realloc(ptr.sub(HEADER), old, new.size());
            if block.is_null() {
                self.0.refused.set(true);
                return block;
            }
            self.0.changed(new_size, size);
            block.cast::<usize>().write(new_size);
            block.add(HEADER)
        }
    }

    unsafe fn usable_size(ptr: *mut u8) -> usize {
        // SAFETY: the header stands before every pointer handed out.
        unsafe { ptr.sub(HEADER).cast::<usize>().read() }
    }
}

//! The last words of a process that made a blocked system call.

use std::ptr;

use nix::libc::{self, c_int, c_void, siginfo_t};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use syscalls::Sysno;

/// The part of the kernel's `siginfo` that comes with SIGSYS, for 64-bit machines.
#[repr(C)]
struct Blocked {
    _signo: c_int,
    _errno: c_int,
    _code: c_int,
    _padding: c_int,
    _address: *const c_void,
    number: c_int,
}

/// Names the blocked call on standard error, then lets the signal end the process.
///
/// Where the C library has blocked all signals (while it starts a process, for one) the kernel ends the process
/// by SIGSYS without asking the handler: then there are no last words.
///
/// # Errors
/// What the kernel said when it did not take the handler.
pub(super) fn install() -> nix::Result<()> {
    let action = SigAction::new(
        SigHandler::SigAction(last_words),
        // Once only, and not held back: the second SIGSYS, raised below, ends the process.
        SaFlags::SA_SIGINFO | SaFlags::SA_RESETHAND | SaFlags::SA_NODEFER | SaFlags::SA_ONSTACK,
        SigSet::empty(),
    );
    // SAFETY: the handler calls nothing but write, raise and _exit, which are async-signal-safe, and neither
    // allocates nor locks nor panics.
    unsafe { sigaction(Signal::SIGSYS, &action) }.map(drop)
}

extern "C" fn last_words(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a siginfo, whose SIGSYS form is `Blocked`; it is larger than
    // that and aligned for pointers.
    let number = unsafe { ptr::read(info.cast::<Blocked>()) }.number;
    let mut line = Line { bytes: [0; 128], length: 0 };
    line.push(b"seccomp: blocked system call ");
    line.push_number(number.unsigned_abs());
    if let Some(call) = usize::try_from(number).ok().and_then(Sysno::new) {
        line.push(b" (");
        line.push(call.name().as_bytes());
        line.push(b")");
    }
    line.push(b"\n");
    // SAFETY: the buffer is live and of this length; the others take no memory.
    unsafe {
        libc::write(libc::STDERR_FILENO, line.bytes.as_ptr().cast(), line.length);
        libc::raise(libc::SIGSYS);
        // Not reached unless the signal was blocked.
        libc::_exit(128 + libc::SIGSYS);
    }
}

/// A line put together without allocating. What does not fit is left out.
struct Line {
    bytes: [u8; 128],
    length: usize,
}

impl Line {
    fn push(&mut self, text: &[u8]) {
        for (to, from) in self.bytes.iter_mut().skip(self.length).zip(text) {
            *to = *from;
            self.length += 1;
        }
    }

    fn push_number(&mut self, number: u32) {
        let mut divisor = 1_000_000_000;
        while divisor > 1 && number < divisor {
            divisor /= 10;
        }
        while divisor > 0 {
            let digit = (number / divisor % 10) as u8;
            self.push(&[b'0' + digit]);
            divisor /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_leading_zeros_and_long_text_is_cut() {
        let check = |number, text: &str| {
            let mut line = Line { bytes: [0; 128], length: 0 };
            line.push_number(number);
            assert_eq!(&line.bytes[..line.length], text.as_bytes());
        };
        check(0, "0");
        check(59, "59");
        check(100, "100");
        check(u32::MAX, "4294967295");
        let mut line = Line { bytes: [0; 128], length: 0 };
        line.push(&[b'x'; 500]);
        assert_eq!(line.length, 128);
    }
}

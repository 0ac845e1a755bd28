//! Deadlines, and the watchdog that acts when one passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};

/// When a call must be over, and since when it runs.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    started: Instant,
    at: Instant,
}

impl Deadline {
    /// A deadline `allowed` from now.
    pub fn after(allowed: Duration) -> Self {
        Self::since(Instant::now(), allowed)
    }

    /// A deadline `allowed` after `started`.
    pub fn since(started: Instant, allowed: Duration) -> Self {
        Self { started, at: later(started, allowed) }
    }

    /// The instant at which it passes.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Whether it has passed.
    pub fn has_passed(&self) -> bool {
        Instant::now() >= self.at
    }

    /// What is left, zero once it has passed.
    pub fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// How long the call has run so far.
    pub fn ran(&self) -> Duration {
        self.started.elapsed()
    }
}

/// `at + by`, or so far away that nobody waits for it.
pub(crate) fn later(at: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
    at.checked_add(by).unwrap_or(at + FAR)
}

/// The two deadlines of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// At which the engine stops the script.
    pub inner: Duration,
    /// At which a worker that has still not answered is given up.
    pub outer: Duration,
}

/// A thread that acts when an armed instant passes.
///
/// Made for calls that take a microsecond under deadlines of seconds: arming and disarming touch one
/// uncontended lock, and the thread is woken only when the new instant is earlier than the one it already
/// waits for. What is armed carries a `T`, which goes to exactly one side: to the action when the instant
/// passes, or back to whoever disarms in time.
pub struct Watchdog<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    slots: Mutex<Slots<T>>,
    changed: Condvar,
    /// Nanoseconds after `epoch` at which the thread next looks; `u64::MAX` while it is looking.
    next_look: AtomicU64,
    epoch: Instant,
}

struct Slots<T> {
    live: Vec<Arc<Slot<T>>>,
    closed: bool,
}

struct Slot<T> {
    armed: Mutex<Option<(Instant, T)>>,
    action: Box<dyn Fn(T) + Send + Sync>,
}

impl<T: Send + 'static> Watchdog<T> {
    /// Starts the thread, named `name`. It ends when the watchdog is dropped.
    pub fn start(name: &str) -> Self {
        let shared = Arc::new(Shared {
            slots: Mutex::new(Slots { live: Vec::new(), closed: false }),
            changed: Condvar::new(),
            next_look: AtomicU64::new(u64::MAX),
            epoch: Instant::now(),
        });
        let looking = Arc::clone(&shared);
        thread::Builder::new()
            .name(name.to_owned())
            .stack_size(256 * 1024)
            .spawn(move || looking.look_until_closed())
            .expect("a machine that cannot start one small thread cannot run anything else");
        Self { shared }
    }

    /// Registers an action. It runs on the watchdog's thread, under the lock that [`Watch::disarm`] takes:
    /// it must be short, and once `disarm` has returned it runs no more.
    pub fn watch(&self, action: impl Fn(T) + Send + Sync + 'static) -> Watch<T> {
        let slot = Arc::new(Slot { armed: Mutex::new(None), action: Box::new(action) });
        self.shared.slots.lock().live.push(Arc::clone(&slot));
        Watch { slot, shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Watchdog<T> {
    fn drop(&mut self) {
        self.shared.slots.lock().closed = true;
        self.shared.changed.notify_one();
    }
}

impl<T> Shared<T> {
    fn look_until_closed(&self) {
        let mut slots = self.slots.lock();
        while !slots.closed {
            // Whoever arms while we look sees MAX, takes the lock we hold and wakes us afterwards.
            self.next_look.store(u64::MAX, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            let now = Instant::now();
            let earliest = slots.live.iter().filter_map(|slot| slot.fire_if_past(now)).min();
            match earliest {
                Some(at) => {
                    self.next_look.store(self.nanos(at), Ordering::SeqCst);
                    self.changed.wait_until(&mut slots, at);
                }
                None => self.changed.wait(&mut slots),
            }
        }
    }

    fn nanos(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX - 1)
    }
}

impl<T> Slot<T> {
    /// Acts if the armed instant has passed; otherwise says when it will.
    fn fire_if_past(&self, now: Instant) -> Option<Instant> {
        let mut armed = self.armed.lock();
        match *armed {
            Some((at, _)) if at > now => Some(at),
            Some(_) => {
                if let Some((_, carried)) = armed.take() {
                    (self.action)(carried);
                }
                None
            }
            None => None,
        }
    }
}

/// One registered action of a [`Watchdog`]. Dropping it disarms and unregisters.
pub struct Watch<T> {
    slot: Arc<Slot<T>>,
    shared: Arc<Shared<T>>,
}

impl<T> Watch<T> {
    /// Acts at `at` unless disarmed before. An earlier arming that has not fired is replaced.
    pub fn arm(&self, at: Instant, carried: T) {
        *self.slot.armed.lock() = Some((at, carried));
        fence(Ordering::SeqCst);
        if self.shared.nanos(at) < self.shared.next_look.load(Ordering::SeqCst) {
            let _looks_no_more = self.shared.slots.lock();
            self.shared.changed.notify_one();
        }
    }

    /// Takes back what was armed; `None` when it has fired already (or was never armed).
    pub fn disarm(&self) -> Option<T> {
        self.slot.armed.lock().take().map(|(_, carried)| carried)
    }
}

impl<T> Drop for Watch<T> {
    fn drop(&mut self) {
        self.shared.slots.lock().live.retain(|slot| !Arc::ptr_eq(slot, &self.slot));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn fires_once_with_what_it_carries() {
        let dog = Watchdog::start("test-watchdog");
        let (tx, rx) = mpsc::channel();
        let watch = dog.watch(move |n: u32| tx.send(n).unwrap());
        watch.arm(Instant::now() + Duration::from_millis(5), 7);
        assert_eq!(rx.recv_timeout(Duration::from_secs(10)), Ok(7));
        assert_eq!(watch.disarm(), None, "it has fired");
    }

    #[test]
    fn an_earlier_instant_wakes_a_waiting_thread() {
        let dog = Watchdog::start("test-watchdog");
        let (tx, rx) = mpsc::channel();
        let far = dog.watch(|_| panic!("an hour has not passed"));
        far.arm(Instant::now() + Duration::from_secs(3600), 0);
        thread::sleep(Duration::from_millis(20));
        let near = dog.watch(move |n| tx.send(n).unwrap());
        near.arm(Instant::now() + Duration::from_millis(1), 1);
        assert_eq!(rx.recv_timeout(Duration::from_secs(10)), Ok(1));
        assert_eq!(far.disarm(), Some(0));
    }

    #[test]
    fn each_arming_ends_on_exactly_one_side() {
        let dog = Watchdog::start("test-watchdog");
        let fired = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&fired);
        let watch = dog.watch(move |()| {
            seen.fetch_add(1, Ordering::SeqCst);
        });
        let rounds = 20_000;
        let mut taken_back = 0;
        for round in 0..rounds {
            watch.arm(Instant::now() + Duration::from_nanos(round % 3 * 20_000), ());
            thread::yield_now();
            taken_back += usize::from(watch.disarm().is_some());
        }
        assert_eq!(taken_back + fired.load(Ordering::SeqCst), rounds as usize);
    }
}

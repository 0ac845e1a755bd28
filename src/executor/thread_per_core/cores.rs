//! The threads, and which of them gets the next connection.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::Shared;
use super::core::{self, Core, Overrun};
use crate::engine::{JsError, Watchdog};

/// A few threads that hold connections and isolates both.
pub struct Cores {
    seats: Vec<Seat>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Tells at the outer deadlines.
    _watchdog: Watchdog<Overrun>,
}

/// A core as other threads see it.
pub(super) struct Seat {
    runtime: Handle,
    /// Tasks that were started on it and have not ended.
    tasks: Arc<AtomicU64>,
    is_lost: Arc<AtomicBool>,
}

/// One of a core's tasks, as long as it lasts.
struct Place(Arc<AtomicU64>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says at its end that a thread is lost.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Cores {
    /// Starts that many threads, at least one, with that much stack: as much as any engine needs that will run on them.
    ///
    /// # Errors
    /// When the system gives no thread or nothing to wait on.
    pub fn start(count: usize, stack: usize) -> io::Result<Arc<Self>> {
        let watchdog: Watchdog<Overrun> = Watchdog::start("jsarena-outer-deadline");
        let (mut seats, mut threads) = (Vec::new(), Vec::new());
        for number in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let is_lost = Arc::new(AtomicBool::new(false));
            seats.push(Seat {
                runtime: runtime.handle().clone(),
                tasks: Arc::default(),
                is_lost: Arc::clone(&is_lost),
            });
            let watch = watchdog.watch(Overrun::act);
            let name = format!("{}core-{number}", crate::executor::WORKER_THREAD_NAME);
            let live = move || {
                // Whatever ends the thread: no connection is given to one that is gone. Last of all, for a thread that
                // is lost is not waited for.
                let _gone = Gone(Arc::clone(&is_lost));
                let runtime = runtime;
                Core::new(is_lost, watch).live(&runtime);
            };
            threads.push(thread::Builder::new().name(name).stack_size(stack).spawn(live)?);
        }
        Ok(Arc::new(Self { seats, threads: Mutex::new(threads), _watchdog: watchdog }))
    }

    /// Runs a task on the thread that has the fewest, of those that are not lost. It stays there.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let load = |seat: &&Seat| (seat.is_lost.load(Ordering::Relaxed), seat.tasks.load(Ordering::Relaxed));
        let Some(seat) = self.seats.iter().min_by_key(load) else { return };
        seat.tasks.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(&seat.tasks));
        seat.runtime.spawn(async move {
            task.await;
            drop(place);
        });
    }

    /// Ends the threads, and waits for those that are not lost. Tasks that have not ended are dropped where they are.
    pub fn stop(&self) {
        self.ask_to_end();
        for (thread, seat) in self.threads.lock().drain(..).zip(&self.seats) {
            if !seat.is_lost.load(Ordering::Relaxed) {
                // It panics only if our own code does, and has said so.
                let _ = thread.join();
            }
        }
    }

    fn ask_to_end(&self) {
        for seat in &self.seats {
            seat.runtime.spawn(async { core::stop() });
        }
    }

    pub(super) fn all(&self) -> &[Seat] {
        &self.seats
    }

    pub(super) fn threads_and_lost(&self) -> (u64, u64) {
        let lost = self.seats.iter().filter(|seat| seat.is_lost.load(Ordering::Relaxed)).count();
        (self.seats.len() as u64, lost as u64)
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        self.ask_to_end();
    }
}

impl Seat {
    /// Gives the core an isolate for that executor; `false` if it has one of another executor, and keeps it.
    pub async fn prepare(&self, of: Arc<Shared>) -> Result<bool, JsError> {
        let (tell, told) = oneshot::channel();
        self.runtime.spawn(async move { core::prepare(of, tell) });
        told.await.unwrap_or_else(|_| Err(JsError::Engine("the core has ended".to_owned())))
    }
}

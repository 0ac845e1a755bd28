//! One core: turns of its runtime, and between them the jobs that lie on its desk.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::{Queued, Shared};
use crate::engine::deadline::later;
use crate::engine::{Deadline, Interrupter, JsError, Script, Watch};
use crate::executor::heap_share::HeapShare;
use crate::executor::job::Reply;
use crate::executor::session::{Fate, Reuse, Session};
use crate::executor::{Job, Outcome, TimeoutKind};

thread_local! {
    /// That of the core which this thread is, if it is one.
    static DESK: RefCell<Option<Rc<Desk>>> = const { RefCell::new(None) };
}

/// Where the tasks of a core's runtime leave what is to be done between its turns.
#[derive(Default)]
struct Desk {
    waiting: RefCell<VecDeque<Errand>>,
    /// Ends the turn in progress.
    waker: Cell<Option<Waker>>,
    stopped: Cell<bool>,
}

enum Errand {
    Run(Queued),
    Prepare(Arc<Shared>, oneshot::Sender<Result<bool, JsError>>),
}

/// Leaves a job on this thread's desk; gives it back if the thread is no core.
pub(super) fn leave(job: Queued) -> Result<(), Queued> {
    DESK.with_borrow(|desk| match desk {
        Some(desk) => {
            desk.put(Errand::Run(job));
            Ok(())
        }
        None => Err(job),
    })
}

/// Asks this core to have an isolate of that executor ready, unless it has another's.
pub(super) fn prepare(of: Arc<Shared>, tell: oneshot::Sender<Result<bool, JsError>>) {
    DESK.with_borrow(|desk| {
        if let Some(desk) = desk {
            desk.put(Errand::Prepare(of, tell));
        }
    });
}

/// Asks this core to end once its desk is empty.
pub(super) fn stop() {
    DESK.with_borrow(|desk| {
        if let Some(desk) = desk {
            desk.stopped.set(true);
            desk.wake();
        }
    });
}

impl Desk {
    fn put(&self, errand: Errand) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_back(errand);
        if waiting.len() == 1 {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Whether the next thing to do is another call of that script.
    fn continues(&self, script: &Arc<Script>) -> bool {
        let waiting = self.waiting.borrow();
        matches!(waiting.front(), Some(Errand::Run(next)) if Arc::ptr_eq(&next.job.script, script))
    }

    fn take(&self) -> Option<Errand> {
        self.waiting.borrow_mut().pop_front()
    }
}

/// What happens at the outer deadline of a job.
pub(super) struct Overrun {
    of: Arc<Shared>,
    is_lost: Arc<AtomicBool>,
    interrupter: Option<Interrupter>,
}

impl Overrun {
    /// The job's thread counts as lost, and the script is asked once more to stop.
    pub fn act(self) {
        let Self { of, is_lost, interrupter } = self;
        is_lost.store(true, Ordering::Relaxed);
        of.counters.lost_workers.up();
        of.counters.lost_now.up();
        of.ended.notify_waiters();
        if let Some(interrupter) = interrupter {
            interrupter.interrupt();
        }
    }
}

/// A job that has ended, and whose submitter does not know it yet.
struct Done {
    reply: Reply,
    outcome: Outcome,
    started: Instant,
    finished: Instant,
}

/// The isolate of a core, and whose it is: the executor's that had the last job.
struct Held {
    of: Arc<Shared>,
    session: Session,
    heap: HeapShare,
    /// When it began the job that it has run since it was last made fit for one.
    used: Option<Instant>,
}

impl Held {
    fn by(of: &Arc<Shared>) -> Self {
        let heap = HeapShare::new(&of.counters);
        Self { of: Arc::clone(of), session: Session::new(of.session.clone()), heap, used: None }
    }

    /// Makes the isolate fit for its next job, and looks at its heap where somebody wants to know.
    fn renew(&mut self) {
        let Some(used) = self.used.take() else { return };
        let Self { of, session, heap, .. } = self;
        match session.renew() {
            Ok(true) => of.counters.recycled.up(),
            Ok(false) => {}
            Err(error) => {
                // The next job makes another, or has the error for its outcome.
                tracing::error!(%error, "an isolate could not be renewed");
                session.discard();
            }
        }
        if of.watch_heap {
            heap.look(used, session, &of.counters);
        }
    }
}

pub(super) struct Core {
    desk: Rc<Desk>,
    held: Option<Held>,
    done: Vec<Done>,
    watch: Watch<Overrun>,
    is_lost: Arc<AtomicBool>,
}

/// How long jobs run before those that are done get their answers.
const TURN: Duration = Duration::from_micros(200);

impl Core {
    /// The core that this thread is from now on.
    pub fn new(is_lost: Arc<AtomicBool>, watch: Watch<Overrun>) -> Self {
        let desk = Rc::new(Desk::default());
        DESK.set(Some(Rc::clone(&desk)));
        Self { desk, held: None, done: Vec::new(), watch, is_lost }
    }

    /// Lives until it is stopped.
    pub fn live(mut self, runtime: &Runtime) {
        while runtime.block_on(self.turn()) {
            self.work();
        }
        DESK.set(None);
        if let Some(mut held) = self.held.take() {
            held.session.discard();
        }
    }

    /// One turn of the runtime: hands out what is done, and lets tasks run until there is something to do. Says
    /// whether there is, or the core has been stopped.
    async fn turn(&mut self) -> bool {
        // From within the runtime, for which waking its own tasks is cheap.
        for Done { reply, outcome, started, finished } in self.done.drain(..) {
            reply.send(outcome, Some(started), finished);
        }
        if self.has_work() {
            // Tasks get to run nevertheless: some have just been told.
            tokio::task::yield_now().await;
        }
        poll_fn(|context| {
            if self.has_work() {
                return Poll::Ready(true);
            }
            if self.desk.stopped.get() {
                return Poll::Ready(false);
            }
            self.desk.waker.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await
    }

    fn has_work(&self) -> bool {
        !self.desk.waiting.borrow().is_empty() || self.held.as_ref().is_some_and(|held| held.used.is_some())
    }

    /// Does what lies on the desk: one job, so that its answer does not wait for the next, or a few calls of the same
    /// script as long as together they take next to nothing.
    fn work(&mut self) {
        let began = Instant::now();
        loop {
            // Also when there is no job: the next one is not to wait for it.
            if let Some(held) = &mut self.held {
                held.renew();
            }
            let Some(errand) = self.desk.take() else { break };
            let Queued { job, reply, of } = match errand {
                Errand::Run(queued) => queued,
                Errand::Prepare(of, tell) => {
                    // Nobody is told who has stopped to wait.
                    let _ = tell.send(self.prepare(&of));
                    continue;
                }
            };
            of.queued.down();
            if of.closed.load(Ordering::SeqCst) {
                of.ended.notify_waiters();
                reply.not_started(Outcome::Cancelled);
                continue;
            }
            let ended = self.run(&of, &job, reply);
            // What a renewal takes must not keep the answer back either.
            let goes_on = of.session.reuse == Reuse::Keep
                && ended.duration_since(began) < TURN
                && self.desk.continues(&job.script);
            if !goes_on {
                break;
            }
        }
    }

    fn prepare(&mut self, of: &Arc<Shared>) -> Result<bool, JsError> {
        match &self.held {
            Some(held) if !held.of.shares_with(of) => Ok(false),
            _ => hold(&mut self.held, of).session.prepare().map(|()| true),
        }
    }

    /// Runs a job, and says when it ended.
    fn run(&mut self, of: &Arc<Shared>, job: &Job, reply: Reply) -> Instant {
        of.counters.busy.up();
        let held = hold(&mut self.held, of);
        let started = Instant::now();
        let interrupter = held.session.interrupter();
        let overrun = Overrun { of: Arc::clone(of), is_lost: Arc::clone(&self.is_lost), interrupter };
        self.watch.arm(later(started, job.deadlines.outer), overrun);
        let deadline = Deadline::since(started, job.deadlines.inner);
        let ended = held.session.run(&job.script, &job.input, &deadline);
        held.used = Some(started);
        let finished = Instant::now();
        let outcome = match self.watch.disarm() {
            Some(_) => ended.outcome,
            None => {
                self.is_lost.store(false, Ordering::Relaxed);
                of.counters.lost_now.down();
                Outcome::Timeout { kind: TimeoutKind::Outer, ran: finished.duration_since(started) }
            }
        };
        if ended.fate == Fate::Panicked {
            of.counters.panics.up();
        }
        of.counters.busy.down();
        of.ended.notify_waiters();
        self.done.push(Done { reply, outcome, started, finished });
        finished
    }
}

/// The isolate for that executor's jobs. Another's goes first: engines may have room for one on a thread.
fn hold<'a>(held: &'a mut Option<Held>, of: &Arc<Shared>) -> &'a mut Held {
    let does = held.as_ref().is_some_and(|known| known.of.shares_with(of));
    if !does && let Some(mut other) = held.take() {
        other.session.discard();
    }
    let held = held.get_or_insert_with(|| Held::by(of));
    if !Arc::ptr_eq(&held.of, of) {
        held.of = Arc::clone(of);
    }
    held
}

//! Innocent jobs: an open loop of small scripts with known answers, before, beside and after a hostile one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::engine::{Deadlines, Script};
use crate::executor::{Completion, Executor, Job, Outcome};
use crate::stats::LatencyHistogram;

/// How heavy an innocent job is, and how often one comes: found once for an engine and an isolation, so that
/// all of its trials see the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// Turns of the job's loop.
    pub turns: u64,
    /// Jobs a second.
    pub rate_per_s: f64,
}

const BODY: &str = "let sum = 7; for (let i = 0; i < input; i++) sum = (sum * 31 + i) % 1000003; return sum;";

/// What an innocent job answers, worked out here.
fn answer(turns: u64) -> String {
    (0..turns).fold(7, |sum, i| (sum * 31 + i) % 1_000_003).to_string()
}

/// An innocent job of so many turns.
pub(super) struct Innocent {
    job: Job,
    answer: String,
}

impl Innocent {
    /// Nothing but their own work should make one miss its deadlines.
    const DEADLINES: Deadlines = Deadlines { inner: Duration::from_secs(5), outer: Duration::from_secs(10) };

    pub fn new(turns: u64) -> Self {
        let (script, input) = (Arc::new(Script::new("innocent", BODY)), turns.to_string().into());
        Self { job: Job { script, input, deadlines: Self::DEADLINES }, answer: answer(turns) }
    }

    pub fn job(&self) -> Job {
        self.job.clone()
    }

    pub fn is_right(&self, completion: &Completion) -> bool {
        matches!(&completion.outcome, Outcome::Ok(answer) if *answer == self.answer)
    }
}

/// What became of the jobs of one phase.
#[derive(Debug, Clone, Default)]
pub(super) struct Fared {
    pub submitted: u64,
    /// Not answered, or wrongly: how the first few were.
    pub lost: u64,
    pub losses: Vec<String>,
    /// Response times of those that were answered, from the instant they were due.
    pub latency: LatencyHistogram,
}

const QUIET: u8 = 0;
const BESIDE: u8 = 1;
const OVER: u8 = 2;

/// The stream of innocent jobs.
pub(super) struct Innocents {
    phase: Arc<AtomicU8>,
    fared: Arc<[Mutex<Fared>; 2]>,
    pacer: JoinHandle<Vec<tokio::task::JoinHandle<()>>>,
}

impl Innocents {
    /// Starts the stream. It is quiet until [`Innocents::beside`].
    pub fn start(executor: &Arc<dyn Executor>, beat: Beat, runtime: &Handle) -> std::io::Result<Self> {
        let phase = Arc::new(AtomicU8::new(QUIET));
        let fared: Arc<[Mutex<Fared>; 2]> = Arc::default();
        let (executor, runtime) = (Arc::clone(executor), runtime.clone());
        let innocent = Arc::new(Innocent::new(beat.turns));
        let (seen, to) = (Arc::clone(&phase), Arc::clone(&fared));
        let pacer = thread::Builder::new().name("jsarena-innocents".to_owned()).spawn(move || {
            let _in_runtime = runtime.enter();
            let began = Instant::now();
            let mut waiting = Vec::new();
            for n in 0u32.. {
                let due = began + Duration::from_secs_f64(f64::from(n) / beat.rate_per_s);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let phase = seen.load(Ordering::SeqCst);
                if phase == OVER {
                    break;
                }
                let completion = executor.submit(innocent.job());
                let (innocent, to) = (Arc::clone(&innocent), Arc::clone(&to));
                to[usize::from(phase)].lock().submitted += 1;
                waiting.push(runtime.spawn(async move {
                    let completion = completion.await;
                    let mut fared = to[usize::from(phase)].lock();
                    if innocent.is_right(&completion) {
                        fared.latency.record(completion.finished.saturating_duration_since(due));
                    } else {
                        fared.lost += 1;
                        if fared.losses.len() < 3 {
                            fared.losses.push(completion.outcome.to_string());
                        }
                    }
                }));
            }
            waiting
        })?;
        Ok(Self { phase, fared, pacer })
    }

    /// From now on they are beside something.
    pub fn beside(&self) {
        self.phase.store(BESIDE, Ordering::SeqCst);
    }

    /// Ends the stream, waits for every answer, and says how they fared in quiet and beside.
    pub async fn end(self) -> (Fared, Fared) {
        self.phase.store(OVER, Ordering::SeqCst);
        // It sleeps for one beat at most.
        let waiting = self.pacer.join().unwrap_or_default();
        for answered in waiting {
            let _ = answered.await;
        }
        let [quiet, beside] = &*self.fared;
        (quiet.lock().clone(), beside.lock().clone())
    }
}

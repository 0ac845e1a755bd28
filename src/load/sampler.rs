//! Looks at memory, queue and blocking pool while a load runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::process;
use crate::executor::Executor;
use crate::stats::{BlockingPool, MemoryUse, QueueDepth};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Threads that a tokio runtime has for blocking tasks. A current-thread runtime starts no others, so its
/// thread callbacks count just these; the runtime's own figure is not part of tokio's stable interface.
#[derive(Clone, Default)]
pub(super) struct BlockingThreads(Arc<AtomicU64>);

impl BlockingThreads {
    pub fn watch(&self, builder: &mut tokio::runtime::Builder) {
        let (started, stopped) = (Arc::clone(&self.0), Arc::clone(&self.0));
        builder.on_thread_start(move || {
            started.fetch_add(1, Ordering::Relaxed);
        });
        builder.on_thread_stop(move || {
            stopped.fetch_sub(1, Ordering::Relaxed);
        });
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What was seen.
pub(super) struct Sampler {
    executor: Arc<dyn Executor>,
    threads: BlockingThreads,
    memory: MemoryUse,
    looks: u64,
    queued: u64,
    queue_max: u64,
    blocking: BlockingPool,
}

impl Sampler {
    /// Begins: forgets the high-water mark of memory so far.
    pub fn start(executor: Arc<dyn Executor>, threads: BlockingThreads) -> Self {
        process::forget_peak();
        let start = process::family_bytes();
        let memory = MemoryUse { start, end: start, peak: start };
        let blocking = BlockingPool::default();
        Self { executor, threads, memory, looks: 0, queued: 0, queue_max: 0, blocking }
    }

    /// Looks again and again, for ever.
    pub async fn look(&mut self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            self.look_once();
        }
    }

    fn look_once(&mut self) {
        let queued = self.executor.gauges().queued;
        let threads = self.threads.now();
        self.memory.end = process::family_bytes();
        self.memory.peak = self.memory.peak.max(self.memory.end);
        self.looks += 1;
        self.queued += queued;
        self.queue_max = self.queue_max.max(queued);
        self.blocking.threads_max = self.blocking.threads_max.max(threads);
        // Only the blocking baseline waits for the runtime's threads.
        if threads > 0 {
            self.blocking.queue_max = self.blocking.queue_max.max(queued);
        }
    }

    /// Ends with one last look.
    pub fn finish(mut self) -> (MemoryUse, QueueDepth, BlockingPool) {
        self.look_once();
        let peak = process::peak_bytes().unwrap_or_default().max(self.memory.peak);
        let queue = QueueDepth { mean: self.queued as f64 / self.looks as f64, max: self.queue_max };
        (MemoryUse { peak, ..self.memory }, queue, self.blocking)
    }
}

//! What the server tells Prometheus.
//!
//! Jobs are counted as they end, for the engine that had them. What pools and process hold is looked up when it is
//! asked for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::runtime::Handle;

use super::pools::{PoolName, Pools};
use crate::executor::{Completion, Gauges, OutcomeKind, PoolState};
use crate::load::process;

/// Bounds of the histograms, seconds: what a tiny script takes, up to the outer deadline of a task.
const BOUNDS: [f64; 18] = [
    50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    pool: &'static str,
    engine: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    pool: &'static str,
    engine: String,
    outcome: &'static str,
}

type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// What jobs are counted in.
#[derive(Debug, Clone)]
pub(super) struct JobMetrics {
    service: Histograms,
    response: Histograms,
    outcomes: Family<OutcomeLabels, Counter>,
}

impl Default for JobMetrics {
    fn default() -> Self {
        let histograms = || Histograms::new_with_constructor(|| Histogram::new(BOUNDS));
        Self { service: histograms(), response: histograms(), outcomes: Family::default() }
    }
}

impl JobMetrics {
    /// What the jobs of a pool are counted in as long as it has this engine.
    pub fn of(&self, pool: PoolName, engine: &str) -> Instruments {
        let labels = Labels { pool: pool.as_str(), engine: engine.to_owned() };
        let outcome = |kind: OutcomeKind| OutcomeLabels {
            pool: labels.pool,
            engine: labels.engine.clone(),
            outcome: kind.as_str(),
        };
        Instruments {
            service: self.service.get_or_create(&labels).clone(),
            response: self.response.get_or_create(&labels).clone(),
            outcomes: OutcomeKind::ALL
                .map(|kind| (kind, self.outcomes.get_or_create(&outcome(kind)).clone())),
        }
    }

    fn register(&self, registry: &mut Registry) {
        let seconds = || Unit::Seconds;
        registry.register_with_unit(
            "service",
            "What workers spent on jobs that they took up",
            seconds(),
            self.service.clone(),
        );
        registry.register_with_unit(
            "response",
            "From the arrival of the whole request to the outcome of its job",
            seconds(),
            self.response.clone(),
        );
        registry.register("jobs", "Jobs that have ended, by outcome", self.outcomes.clone());
    }
}

/// Counts the jobs of one pool and engine.
#[derive(Debug)]
pub(super) struct Instruments {
    service: Histogram,
    response: Histogram,
    outcomes: [(OutcomeKind, Counter); OutcomeKind::ALL.len()],
}

impl Instruments {
    /// Counts a job that has ended.
    pub fn count(&self, completion: &Completion, arrived: Instant) {
        if let Some(time) = completion.service_time() {
            self.service.observe(time.as_secs_f64());
        }
        self.response.observe(completion.finished.saturating_duration_since(arrived).as_secs_f64());
        let ended = completion.outcome.kind();
        for (_, counter) in self.outcomes.iter().filter(|(kind, _)| *kind == ended) {
            counter.inc();
        }
    }
}

/// The runtime whose figures are told, and what is known of it that cannot be asked of it.
#[derive(Debug, Clone)]
pub struct RuntimeFacts {
    /// The runtime.
    pub handle: Handle,
    /// Threads that the runtime has started and that have not ended, its workers included.
    pub threads: Arc<AtomicU64>,
    /// Whether the jobs of the pools are blocking tasks of the runtime, its only ones.
    pub runs_jobs: bool,
}

/// What is looked up when it is asked for.
struct Now {
    pools: Arc<Pools>,
    runtime: RuntimeFacts,
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

/// The registry of a server.
pub(super) fn registry(jobs: &JobMetrics, pools: Arc<Pools>, runtime: RuntimeFacts) -> Registry {
    let mut registry = Registry::with_prefix("jsarena");
    jobs.register(&mut registry);
    registry.register_collector(Box::new(Now { pools, runtime }));
    registry
}

/// A figure of a pool: its name, what it is, and where it is found.
type Figure = (&'static str, &'static str, fn(&Gauges) -> u64);

const GAUGES: [Figure; 6] = [
    ("workers", "Workers that can take a job", |gauges| gauges.workers),
    ("busy_workers", "Workers that run a job", |gauges| gauges.busy),
    ("queued_jobs", "Jobs that wait for a worker", |gauges| gauges.queued),
    ("lost_workers_now", "Abandoned workers that have not come back", |gauges| gauges.lost_now),
    ("open_circuits", "Circuits, of scripts and pools, that are open or being probed", |gauges| {
        gauges.open_circuits
    }),
    ("heap_bytes", "What the heaps of the isolates held when their workers last looked", |gauges| {
        gauges.heap_bytes
    }),
];

const COUNTERS: [Figure; 5] = [
    ("panics", "Panics caught", |gauges| gauges.panics),
    ("restarts", "Workers started again", |gauges| gauges.restarts),
    ("lost_workers", "Workers that did not answer by the outer deadline", |gauges| gauges.lost_workers),
    ("recycled_isolates", "Isolates replaced for their age, their heap or an error", |gauges| {
        gauges.recycled
    }),
    ("retries", "Attempts after a job's first", |gauges| gauges.retries),
];

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let pools = self.pools.all().map(|pool| (pool.name, pool.gauges()));
        for (name, help, figure) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (pool, gauges) in &pools {
                let value = ConstGauge::new(figure(gauges) as f64);
                value.encode(family.encode_family(&[("pool", pool.as_str())])?)?;
            }
        }
        for (name, help, figure) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (pool, gauges) in &pools {
                let value = ConstCounter::new(figure(gauges));
                value.encode(family.encode_family(&[("pool", pool.as_str())])?)?;
            }
        }
        let mut family =
            encoder.encode_descriptor("serving", "Whether all workers are there", None, MetricType::Gauge)?;
        for (pool, gauges) in &pools {
            let value = ConstGauge::new(i64::from(gauges.state == PoolState::Serving));
            value.encode(family.encode_family(&[("pool", pool.as_str())])?)?;
        }
        let queued: u64 = pools.iter().map(|(_, gauges)| gauges.queued).sum();
        self.process(&mut encoder, queued)
    }
}

impl Now {
    fn process(&self, encoder: &mut DescriptorEncoder<'_>, queued: u64) -> fmt::Result {
        let runtime = self.runtime.handle.metrics();
        let workers = runtime.num_workers() as u64;
        let resident = process::resident_bytes();
        for (name, help, value) in [
            ("resident_bytes", "Resident memory of the server's process", resident),
            (
                "children_bytes",
                "What the processes of workers hold in memory for themselves alone",
                process::family_bytes().saturating_sub(resident),
            ),
            (
                "tokio_blocking_threads",
                "Threads of tokio's blocking pool",
                self.runtime.threads.load(Ordering::Relaxed).saturating_sub(workers),
            ),
            (
                "tokio_blocking_queue_depth",
                "Jobs that wait for a thread of tokio's blocking pool, as they do under task isolation",
                if self.runtime.runs_jobs { queued } else { 0 },
            ),
            ("tokio_worker_threads", "Threads of tokio's scheduler", workers),
            ("tokio_queue_depth", "Tasks in tokio's global queue", runtime.global_queue_depth() as u64),
            (
                "tokio_alive_tasks",
                "Tasks of the runtime that have not ended",
                runtime.num_alive_tasks() as u64,
            ),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value as f64).encode(metric)?;
        }
        Ok(())
    }
}

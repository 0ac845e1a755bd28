//! One cell of the matrix: the rounds of an engine on a workload under a load, made one.

use std::collections::BTreeMap;

use crate::executor::OutcomeCounts;
use crate::record::{Measurement, side};
use crate::report::{Quantity, ReportError};
use crate::stats::compare::{Metric, Resamples};
use crate::stats::{
    BlockingPool, EncodedHistogram, HostilePart, LatencyHistogram, MemoryUse, Percentiles, Soak, Summary,
};

use super::Engine;
use super::conditions::Conditions;
use super::text::{clean, plural, shortened};

/// Fewer samples than this leave less than ten beyond the 99th percentile.
pub(super) const ENOUGH_FOR_P99: u64 = 1_000;
/// Fewer samples than this leave less than ten beyond the 99.9th percentile.
pub(super) const ENOUGH_FOR_P999: u64 = 10_000;

/// Of the resamples behind intervals: the same record has the same report.
const SEED: u64 = 1;

/// What became of an engine on a row.
#[derive(Debug, Clone)]
pub(in crate::report) enum Cell {
    /// The engine is not there at all.
    Missing(String),
    /// The record has no such measurement.
    NotMeasured,
    /// No round gave figures.
    Failed(Vec<Reason>),
    /// At least one round did.
    Measured(Box<Figures>),
}

/// Why rounds failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Reason {
    pub text: String,
    /// How many failed so.
    pub rounds: u32,
}

/// The good rounds of a cell together.
#[derive(Debug, Clone)]
pub(in crate::report) struct Figures {
    pub rounds: u32,
    pub failed: Vec<Reason>,
    /// On the clock, over the rounds.
    pub elapsed_s: f64,
    pub submitted: u64,
    pub outcomes: OutcomeCounts,
    pub wrong_answers: u64,
    pub throughput: Spread,
    pub offered: Option<f64>,
    pub response: Latency,
    pub service: Latency,
    /// Of the response time's median over the rounds.
    pub p50: Spread,
    /// Of the response time's 99th percentile over the rounds.
    pub p99: Spread,
    /// What the figures are worth, by metric: fewer than three rounds, or a job that failed, and there are none.
    pub intervals: BTreeMap<Metric, [f64; 2]>,
    /// Worst 99th percentile of the pacer's lateness over the rounds, microseconds.
    pub pacer_p99: Option<f64>,
    pub panics: u64,
    pub restarts: u64,
    pub retries: u64,
    pub lost_workers: u64,
    pub recycled: u64,
    /// Nothing of a server behind a URL.
    pub rss: Option<MemoryUse>,
    /// What the workers took; nothing of a server behind a URL.
    pub cpu_workers: Option<f64>,
    pub cpu_generator: f64,
    /// Share of the time for which the generator of a server's load was busy. It is one thread: near the whole time, it
    /// is what was measured.
    pub generator_busy: Option<f64>,
    pub queue_mean: f64,
    pub queue_max: u64,
    pub blocking: BlockingPool,
    pub messages: Vec<String>,
    /// The hostile jobs that were mixed in.
    pub hostile: Option<HostilePart>,
    /// What long rounds did to their process, with the number of the round.
    pub soaks: Vec<(u32, Soak)>,
    /// Rounds that somebody stopped before their plan did.
    pub stopped_early: u32,
    /// Under what conditions it was measured.
    pub conditions: Conditions,
}

/// A figure over all rounds, and its lowest and highest in a single one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Spread {
    pub value: f64,
    pub min: f64,
    pub max: f64,
}

/// A latency over all rounds.
#[derive(Debug, Clone)]
pub(in crate::report) struct Latency {
    pub samples: u64,
    percentiles: Percentiles,
    /// Pairs of quantile and microseconds.
    pub curve: Vec<(f64, f64)>,
}

impl Cell {
    /// Merges the rounds of a cell.
    pub(super) fn merge(engine: &Engine, mut rounds: Vec<&Measurement>) -> Result<Self, ReportError> {
        rounds.sort_by_key(|m| m.round);
        let (mut good, mut failed) = (Vec::new(), Vec::<Reason>::new());
        for measurement in rounds {
            match (&measurement.summary, &measurement.error) {
                (Some(summary), None) => good.push((measurement, summary)),
                (_, error) => {
                    let text = clean(error.as_deref().unwrap_or("ended without a summary or a reason"));
                    match failed.iter_mut().find(|reason| reason.text == text) {
                        Some(reason) => reason.rounds += 1,
                        None => failed.push(Reason { text, rounds: 1 }),
                    }
                }
            }
        }
        Ok(match (good.is_empty(), failed.is_empty(), &engine.missing) {
            (true, true, Some(reason)) => Self::Missing(reason.clone()),
            (true, true, None) => Self::NotMeasured,
            (true, false, _) => Self::Failed(failed),
            (false, ..) => Self::Measured(Box::new(Figures::merge(&good, failed)?)),
        })
    }

    /// The figures, if a round gave any.
    pub fn figures(&self) -> Option<&Figures> {
        match self {
            Self::Measured(figures) => Some(figures),
            _ => None,
        }
    }

    /// The figures, if every round ran and every job ended in the right answer. Only those may rank or win.
    pub fn completed(&self) -> Option<&Figures> {
        self.figures().filter(|figures| figures.fault().is_none())
    }

    /// Why this cell does not count as completed, in a few words.
    pub fn fault(&self) -> Option<String> {
        match self {
            Self::Missing(reason) => Some(reason.clone()),
            Self::NotMeasured => Some("not measured".to_owned()),
            Self::Failed(reasons) => Some(texts(reasons)),
            Self::Measured(figures) => figures.fault(),
        }
    }

    /// Rounds that gave no figures.
    pub fn failed_rounds(&self) -> u32 {
        match self {
            Self::Missing(_) | Self::NotMeasured => 0,
            Self::Failed(reasons) => rounds_of(reasons),
            Self::Measured(figures) => figures.failed_rounds(),
        }
    }
}

/// Short enough for a cell of a table; the failures have the whole.
fn texts(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| shortened(&reason.text, 60)).collect::<Vec<_>>().join("; ")
}

fn rounds_of(reasons: &[Reason]) -> u32 {
    reasons.iter().map(|reason| reason.rounds).sum()
}

impl Figures {
    fn merge(rounds: &[(&Measurement, &Summary)], failed: Vec<Reason>) -> Result<Self, ReportError> {
        let summaries: Vec<&Summary> = rounds.iter().map(|(_, summary)| *summary).collect();
        let mut outcomes = OutcomeCounts::default();
        summaries.iter().for_each(|summary| outcomes.merge(&summary.outcomes));
        let sum = |figure: fn(&Summary) -> u64| summaries.iter().map(|s| figure(s)).sum::<u64>();
        let most = |figure: fn(&Summary) -> u64| summaries.iter().map(|s| figure(s)).max().unwrap_or(0);
        let mean = |figure: fn(&Summary) -> f64| {
            summaries.iter().map(|s| figure(s)).sum::<f64>() / summaries.len() as f64
        };
        let cpu_generator: f64 = summaries.iter().map(|s| s.cpu_s.generator).sum();
        let elapsed_s: f64 = summaries.iter().map(|s| s.elapsed_s).sum();
        let is_here = rounds.iter().all(|(measurement, _)| measurement.isolation.is_here());
        let response = Latency::merge(rounds, |summary| &summary.response_histogram)?;
        let spread = |value: f64, figure: fn(&Summary) -> f64| {
            let each = || summaries.iter().map(|s| figure(s));
            Spread {
                value,
                min: each().fold(f64::INFINITY, f64::min),
                max: each().fold(f64::NEG_INFINITY, f64::max),
            }
        };
        let (p50, p99) = (response.percentiles.p50, response.percentiles.p99);
        let mut messages: Vec<String> = Vec::new();
        for message in summaries.iter().flat_map(|summary| &summary.failures).map(|text| clean(text)) {
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        Ok(Self {
            rounds: rounds.len() as u32,
            failed,
            elapsed_s,
            submitted: sum(|s| s.submitted),
            outcomes,
            wrong_answers: sum(|s| s.wrong_answers),
            throughput: spread(throughput(&summaries), |s| s.throughput_per_s),
            offered: summaries.iter().find_map(|summary| summary.offered_per_s),
            service: Latency::merge(rounds, |summary| &summary.service_histogram)?,
            p50: spread(p50, |s| s.response_us.p50),
            p99: spread(p99, |s| s.response_us.p99),
            response,
            intervals: intervals(rounds),
            pacer_p99: summaries
                .iter()
                .filter_map(|summary| summary.pacer_lateness_us.map(|late| late.p99))
                .reduce(f64::max),
            panics: sum(|s| s.panics),
            restarts: sum(|s| s.restarts),
            retries: sum(|s| s.retries),
            lost_workers: sum(|s| s.lost_workers),
            recycled: sum(|s| s.recycled),
            rss: is_here.then(|| MemoryUse {
                start: mean(|s| s.rss_bytes.start as f64) as u64,
                end: mean(|s| s.rss_bytes.end as f64) as u64,
                peak: most(|s| s.rss_bytes.peak),
            }),
            cpu_workers: is_here.then(|| summaries.iter().map(|s| s.cpu_s.workers).sum()),
            cpu_generator,
            generator_busy: (!is_here && elapsed_s > 0.0).then(|| cpu_generator / elapsed_s),
            queue_mean: mean(|s| s.queue_depth.mean),
            queue_max: most(|s| s.queue_depth.max),
            blocking: BlockingPool {
                threads_max: most(|s| s.tokio_blocking.threads_max),
                queue_max: most(|s| s.tokio_blocking.queue_max),
            },
            messages,
            hostile: summaries.iter().filter_map(|summary| summary.hostile).reduce(together),
            soaks: rounds
                .iter()
                .filter_map(|(measurement, summary)| Some((measurement.round, summary.soak.clone()?)))
                .collect(),
            stopped_early: summaries.iter().filter(|summary| summary.stopped_early).count() as u32,
            conditions: Conditions::of(rounds),
        })
    }

    /// Jobs that did not end in a correct answer.
    pub fn errors(&self) -> u64 {
        self.outcomes.failed() + self.wrong_answers
    }

    /// Share of the submitted jobs that did not end in a correct answer.
    pub fn error_rate(&self) -> f64 {
        if self.submitted == 0 { 0.0 } else { self.errors() as f64 / self.submitted as f64 }
    }

    /// Rounds that gave no figures.
    pub fn failed_rounds(&self) -> u32 {
        rounds_of(&self.failed)
    }

    /// Share of the processor time that made the load instead of serving it; nothing where it cannot be told.
    pub fn generator_share(&self) -> Option<f64> {
        let all = self.cpu_workers? + self.cpu_generator;
        (all > 0.0).then(|| self.cpu_generator / all)
    }

    fn fault(&self) -> Option<String> {
        let mut faults = Vec::new();
        if !self.failed.is_empty() {
            let all = self.rounds + self.failed_rounds();
            faults.push(format!("{} of {all} rounds failed", self.failed_rounds()));
        }
        if self.wrong_answers > 0 {
            faults.push(plural(self.wrong_answers, "wrong answer"));
        }
        if self.outcomes.failed() > 0 {
            faults.push(format!("{} of the jobs failed", Quantity::Share(self.failed_share())));
        }
        if faults.is_empty() && self.throughput.value <= 0.0 {
            faults.push("no job ended".to_owned());
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }

    fn failed_share(&self) -> f64 {
        if self.submitted == 0 { 1.0 } else { self.outcomes.failed() as f64 / self.submitted as f64 }
    }
}

/// The hostile jobs of two rounds, drawn from the same scripts.
fn together(one: HostilePart, other: HostilePart) -> HostilePart {
    let mut outcomes = one.outcomes;
    outcomes.merge(&other.outcomes);
    HostilePart {
        scripts: one.scripts.max(other.scripts),
        submitted: one.submitted + other.submitted,
        outcomes,
        retries: one.retries + other.retries,
    }
}

/// The 95 % interval of each figure, from resamples of whole rounds, in the record's units (microseconds, a second).
fn intervals(rounds: &[(&Measurement, &Summary)]) -> BTreeMap<Metric, [f64; 2]> {
    let Some(side) = side(rounds.iter().map(|(measurement, _)| *measurement)) else { return BTreeMap::new() };
    let resamples = Resamples::new(rounds.len(), SEED);
    let interval = |metric: Metric| {
        let per_unit = if metric.quantile().is_some() { 1e3 } else { 1.0 };
        let interval = side.draw(metric, &resamples)?.figure()?.interval();
        Some((metric, interval.map(|end| end / per_unit)))
    };
    Metric::ALL.into_iter().filter_map(interval).collect()
}

/// Over all rounds: every second on the clock weighs the same.
fn throughput(rounds: &[&Summary]) -> f64 {
    let seconds: f64 = rounds.iter().map(|summary| summary.elapsed_s).sum();
    if seconds > 0.0 {
        rounds.iter().map(|summary| summary.throughput_per_s * summary.elapsed_s).sum::<f64>() / seconds
    } else {
        rounds.iter().map(|summary| summary.throughput_per_s).sum::<f64>() / rounds.len().max(1) as f64
    }
}

impl Spread {
    /// Lowest to highest, unless they are one.
    pub fn range(&self, quantity: fn(f64) -> Quantity) -> Option<String> {
        let (min, max) = (quantity(self.min).to_string(), quantity(self.max).to_string());
        (min != max).then(|| format!("{min} – {max}"))
    }
}

impl Latency {
    fn merge(
        rounds: &[(&Measurement, &Summary)],
        histogram: fn(&Summary) -> &EncodedHistogram,
    ) -> Result<Self, ReportError> {
        let mut whole: Option<LatencyHistogram> = None;
        for (measurement, summary) in rounds {
            let round = histogram(summary).decode().map_err(|source| ReportError::Histogram {
                engine: clean(&measurement.engine),
                workload: clean(&measurement.workload),
                round: measurement.round,
                source,
            })?;
            match &mut whole {
                Some(whole) => whole.merge(&round),
                None => whole = Some(round),
            }
        }
        Ok(Self::of(&whole.unwrap_or_default()))
    }

    /// What pages show of a histogram. The whole is a quarter of a megabyte; a record has hundreds of them and a
    /// page needs none.
    pub(super) fn of(whole: &LatencyHistogram) -> Self {
        Self {
            samples: whole.len(),
            percentiles: whole.percentiles(),
            curve: whole
                .curve()
                .into_iter()
                .map(|(quantile, at)| (quantile, at.as_secs_f64() * 1e6))
                .collect(),
        }
    }

    /// Median, microseconds; nothing without a sample.
    pub fn p50(&self) -> Option<f64> {
        self.with(1, self.percentiles.p50)
    }

    /// 90th percentile, microseconds.
    pub fn p90(&self) -> Option<f64> {
        self.with(1, self.percentiles.p90)
    }

    /// 95th percentile, microseconds.
    pub fn p95(&self) -> Option<f64> {
        self.with(1, self.percentiles.p95)
    }

    /// 99th percentile, microseconds; nothing when the samples do not carry it.
    pub fn p99(&self) -> Option<f64> {
        self.with(ENOUGH_FOR_P99, self.percentiles.p99)
    }

    /// 99.9th percentile, microseconds; nothing when the samples do not carry it.
    pub fn p999(&self) -> Option<f64> {
        self.with(ENOUGH_FOR_P999, self.percentiles.p999)
    }

    /// Longest, microseconds.
    pub fn max(&self) -> Option<f64> {
        self.with(1, self.percentiles.max)
    }

    /// Mean, microseconds.
    pub fn mean(&self) -> Option<f64> {
        self.with(1, self.percentiles.mean)
    }

    fn with(&self, samples: u64, figure: f64) -> Option<f64> {
        (self.samples >= samples).then_some(figure)
    }
}

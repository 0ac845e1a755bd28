//! The figures of one column of the scorecard.

use crate::executor::OutcomeKind;
use crate::record::{Containment, ContainmentVerdict as Verdict};
use crate::report::ReportError;
use crate::report::view::{Latency, clean};
use crate::stats::{EncodedHistogram, LatencyHistogram};

/// With fewer recoveries than this, their 99th percentile is their maximum.
const ENOUGH_RECOVERIES: usize = 100;

/// How many scripts came to each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::report) struct Counts([u64; Verdict::ALL.len()]);

/// All scripts of a column together.
#[derive(Debug)]
pub(in crate::report) struct Tally {
    pub counts: Counts,
    /// The longest, milliseconds, and its script.
    pub overrun: Option<(f64, String)>,
    /// Scripts that timed out and whose end nobody saw.
    pub endless: u64,
    pub recovery: Recovery,
    /// The same over those scripts alone that cost their worker its isolate or process.
    pub recovery_of_replaced: Recovery,
    /// Innocent jobs submitted.
    pub submitted: u64,
    /// Innocent jobs that did not end in their right answer.
    pub lost: u64,
    /// 99th percentiles of the innocent jobs beside the scripts and in quiet, microseconds.
    pub p99: Option<(f64, f64)>,
    /// Threads and child processes.
    pub leaked: u64,
    /// The most, bytes, and its script.
    pub peak: Option<(u64, String)>,
}

/// How long pools took to answer the next good job, milliseconds, over the hosts that survived. One that never
/// did is infinite.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::report) struct Recovery {
    pub p99: Option<f64>,
    pub max: Option<f64>,
    pub never: u64,
    /// How many there were.
    pub count: u64,
}

impl Counts {
    pub(super) fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        verdicts.into_iter().for_each(|verdict| counts.0[verdict as usize] += 1);
        counts
    }

    /// Adds another's counts.
    pub(super) fn merge(&mut self, other: Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }

    pub fn get(self, verdict: Verdict) -> u64 {
        self.0[verdict as usize]
    }

    pub fn total(self) -> u64 {
        self.0.iter().sum()
    }

    pub fn contained(self) -> u64 {
        self.get(Verdict::Contained)
    }

    /// The worst verdict that a script came to, if any was run.
    pub fn worst(self) -> Option<Verdict> {
        Verdict::ALL.into_iter().rev().find(|verdict| self.get(*verdict) > 0)
    }
}

impl Tally {
    pub(super) fn of(rows: &[&Containment]) -> Result<Self, ReportError> {
        let sum = |figure: fn(&Containment) -> u64| rows.iter().map(|row| figure(row)).sum::<u64>();
        let overruns = rows.iter().filter_map(|row| Some((row.overrun_ms?, row)));
        let overrun = overruns.max_by(|(a, _), (b, _)| a.total_cmp(b));
        let peaks = rows.iter().filter_map(|row| Some((row.peak_rss_bytes?, row)));
        let peak = peaks.max_by_key(|(bytes, _)| *bytes);
        // A host that died has no latencies beside the script; those it had in quiet must not count alone.
        let both =
            |row: &&&Containment| row.neighbours.latency.is_some() && row.neighbours.quiet_latency.is_some();
        let told: Vec<&Containment> = rows.iter().filter(both).copied().collect();
        let beside = Latency::of(&merged(&told, |row| row.neighbours.latency.as_ref())?);
        let quiet = Latency::of(&merged(&told, |row| row.neighbours.quiet_latency.as_ref())?);
        Ok(Self {
            counts: Counts::of(rows.iter().filter_map(|row| row.verdict)),
            overrun: overrun.map(|(time, row)| (time, clean(&row.script))),
            endless: rows.iter().filter(|row| is_endless(row)).count() as u64,
            recovery: Recovery::of(rows.iter().copied()),
            recovery_of_replaced: Recovery::of(rows.iter().copied().filter(|row| row.replaced)),
            submitted: sum(|row| row.neighbours.submitted),
            lost: sum(|row| row.neighbours.lost),
            p99: beside.p99().zip(quiet.p99()),
            leaked: sum(|row| row.leaked.total()),
            peak: peak.map(|(bytes, row)| (bytes, clean(&row.script))),
        })
    }
}

fn is_endless(row: &Containment) -> bool {
    row.outcome == Some(OutcomeKind::Timeout) && row.overrun_ms.is_none()
}

fn merged(
    rows: &[&Containment],
    histogram: fn(&Containment) -> Option<&EncodedHistogram>,
) -> Result<LatencyHistogram, ReportError> {
    let mut whole = LatencyHistogram::default();
    for row in rows {
        let Some(encoded) = histogram(row) else { continue };
        let one = encoded.decode().map_err(|source| ReportError::Neighbours {
            script: clean(&row.script),
            engine: clean(&row.engine),
            isolation: row.isolation,
            source,
        })?;
        whole.merge(&one);
    }
    Ok(whole)
}

impl Recovery {
    fn of<'a>(rows: impl Iterator<Item = &'a Containment>) -> Self {
        let survived = rows.filter(|row| row.host_survived);
        let mut times: Vec<f64> = survived.map(|row| row.recovery_ms.unwrap_or(f64::INFINITY)).collect();
        times.sort_by(f64::total_cmp);
        // The nearest rank: the time that 99 of 100 pools kept.
        let rank = (times.len() * 99).div_ceil(100);
        Self {
            p99: (times.len() >= ENOUGH_RECOVERIES).then(|| times[rank - 1]),
            max: times.last().copied(),
            count: times.len() as u64,
            never: times.iter().filter(|time| time.is_infinite()).count() as u64,
        }
    }
}

//! What a long run did to its process: a series of samples, and the judgement whether anything grows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::slope::{Slope, slope};

/// The part of the time at the beginning that no trend is taken from: caches fill, engines compile.
const SETTLING: f64 = 0.10;
/// Growth of memory over the judged time that does not count: this part of its mean…
const MEMORY_SHARE: f64 = 0.05;
/// …or this much, whichever is more, in bytes.
const MEMORY_FLOOR: f64 = 4.0 * 1024.0 * 1024.0;
/// Growth of a count over the judged time that does not count.
const COUNT_FLOOR: f64 = 1.0;
/// The part of the samples at the end by which workers are counted.
const END: usize = 10;
/// Points of the series that a record keeps. Trends are taken from all of them.
const KEPT_POINTS: usize = 600;

/// What a long run showed beside its latencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Soak {
    /// What is concluded.
    pub verdict: SoakVerdict,
    /// Jobs submitted, good or hostile, that got no outcome.
    pub lost_jobs: u64,
    /// Good jobs that did not end in a right answer, those that were turned away (`rejected`, `circuit_open`)
    /// apart: policies are there to do that.
    pub failed_jobs: u64,
    /// The most workers that could take jobs at a time, and how many could at the end (the median of the last
    /// tenth of the samples).
    pub workers: [u64; 2],
    /// Seconds between two samples.
    pub every_s: f64,
    /// Seconds at the beginning that the trends leave out.
    pub settling_s: f64,
    /// One for each resource that the system tells and that was used at all; none when there were too few samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trends: Vec<Trend>,
    /// The samples, thinned evenly to at most 600.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<SoakPoint>,
}

/// What is concluded from a soak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoakVerdict {
    /// Nothing grows, no worker is missing at the end, no job was lost, no good job failed.
    Steady,
    /// Something does, is, was, or did.
    Failed,
    /// No job was lost and none failed, but there were too few samples to judge growth by.
    TooShort,
}

/// What of a process can grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Resident memory of the process that hosts the executor, bytes.
    RssBytes,
    /// Its threads.
    Threads,
    /// Its open file descriptors.
    Descriptors,
    /// Its child processes.
    Children,
    /// Their memory, bytes.
    ChildrenBytes,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::RssBytes, Self::Threads, Self::Descriptors, Self::Children, Self::ChildrenBytes];

    /// Whether it is counted in bytes.
    pub fn is_memory(self) -> bool {
        matches!(self, Self::RssBytes | Self::ChildrenBytes)
    }

    /// Its value in a sample, where the system tells.
    pub fn of(self, point: &SoakPoint) -> Option<u64> {
        match self {
            Self::RssBytes => Some(point.rss_bytes),
            Self::Threads => point.threads,
            Self::Descriptors => point.descriptors,
            Self::Children => point.children,
            Self::ChildrenBytes => point.children_bytes,
        }
    }
}

/// How a resource moved over the judged time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// Of what.
    pub resource: Resource,
    /// Mean of the samples.
    pub mean: f64,
    /// Slope an hour: the median of the slopes between all pairs of samples (Theil–Sen).
    pub per_hour: f64,
    /// Its 95 % interval, from Kendall's statistic with its variance enlarged for autocorrelation.
    pub interval: [f64; 2],
    /// The slope times the judged time.
    pub growth: f64,
    /// What that must exceed to count.
    pub floor: f64,
    /// Whether the interval lies above nought and the growth above its floor.
    pub grows: bool,
}

/// One sample of the process that hosts the executor, and of its executor. What the system does not tell is
/// left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SoakPoint {
    /// Seconds on the clock.
    pub at_s: f64,
    /// Resident memory, bytes.
    pub rss_bytes: u64,
    /// Threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u64>,
    /// Open file descriptors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<u64>,
    /// Child processes, ended ones that nobody has waited for included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<u64>,
    /// Their memory, bytes: proportional set size where the kernel tells, resident memory otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children_bytes: Option<u64>,
    /// Workers that can take a job.
    pub workers: u64,
    /// Workers that run one.
    pub busy: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Abandoned workers that have not come back.
    pub lost_now: u64,
    /// Workers started again, since the executor started.
    pub restarts: u64,
    /// Circuits that are open or being probed.
    pub open_circuits: u64,
}

impl Soak {
    /// Judges a run by its samples, in order of time, and by what became of its jobs.
    pub fn judge(series: &[SoakPoint], every_s: f64, lost_jobs: u64, failed_jobs: u64) -> Self {
        let settling_s = series.last().map_or(0.0, |last| last.at_s) * SETTLING;
        let from = series.partition_point(|point| point.at_s < settling_s);
        let judged = &series[from..];
        let trends: Vec<Trend> =
            Resource::ALL.into_iter().filter_map(|resource| Trend::of(resource, judged)).collect();
        let grows = trends.iter().any(|trend| trend.grows);
        let workers = workers(series);
        let verdict = match () {
            () if grows || workers[1] < workers[0] || lost_jobs > 0 || failed_jobs > 0 => SoakVerdict::Failed,
            () if trends.is_empty() => SoakVerdict::TooShort,
            () => SoakVerdict::Steady,
        };
        // Thinned only now: what is judged is all that was seen.
        let step = series.len().div_ceil(KEPT_POINTS).max(1);
        let series = series.iter().copied().step_by(step).collect();
        Self { verdict, lost_jobs, failed_jobs, workers, every_s, settling_s, trends, series }
    }

    /// Whether nothing speaks against it.
    pub fn is_well(&self) -> bool {
        self.verdict != SoakVerdict::Failed
    }
}

/// The most, and the median at the end: a worker that is just being replaced is no loss.
fn workers(series: &[SoakPoint]) -> [u64; 2] {
    let most = series.iter().map(|point| point.workers).max().unwrap_or(0);
    let from = series.len() - series.len().div_ceil(END);
    let mut last: Vec<u64> = series[from..].iter().map(|point| point.workers).collect();
    last.sort_unstable();
    [most, last.get(last.len() / 2).copied().unwrap_or(0)]
}

impl Trend {
    fn of(resource: Resource, judged: &[SoakPoint]) -> Option<Self> {
        const SECONDS: f64 = 3600.0;
        let at = |point: &SoakPoint| Some((point.at_s, resource.of(point)? as f64));
        let points: Vec<(f64, f64)> = judged.iter().filter_map(at).collect();
        let Slope { estimate, low, high } = slope(&points)?;
        let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
        if mean <= 0.0 {
            return None;
        }
        let growth = estimate * (points.last()?.0 - points.first()?.0);
        let floor = if resource.is_memory() { MEMORY_FLOOR.max(mean * MEMORY_SHARE) } else { COUNT_FLOOR };
        Some(Self {
            resource,
            mean,
            per_hour: estimate * SECONDS,
            interval: [low * SECONDS, high * SECONDS],
            growth,
            floor,
            grows: low > 0.0 && growth > floor,
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    const MIB: f64 = 1024.0 * 1024.0;

    /// Ten minutes of a process of 200 MiB that moves to and fro by some MiB, slowly, and grows by `growth` MiB.
    fn ten_minutes(growth: f64, seed: u64) -> Vec<SoakPoint> {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut noise = 0.0;
        (0..600)
            .map(|second| {
                noise = 0.8 * noise + random.random_range(-1.5..1.5);
                let at_s = f64::from(second);
                let rss = 200.0 + noise + growth * at_s / 600.0;
                SoakPoint { at_s, rss_bytes: (rss * MIB) as u64, threads: Some(12), ..SoakPoint::default() }
            })
            .collect()
    }

    fn trend(soak: &Soak, resource: Resource) -> Trend {
        *soak.trends.iter().find(|trend| trend.resource == resource).unwrap()
    }

    #[test]
    fn a_flat_noisy_process_does_not_grow() {
        for seed in 0..10 {
            let soak = Soak::judge(&ten_minutes(0.0, seed), 1.0, 0, 0);
            assert_eq!(soak.verdict, SoakVerdict::Steady, "{seed}: {:?}", soak.trends);
        }
    }

    #[test]
    fn a_leak_of_a_few_kilobytes_a_job_is_found() {
        // 500 bytes a job at 100 jobs a second are 29 MiB in ten minutes.
        let soak = Soak::judge(&ten_minutes(500.0 * 100.0 * 600.0 / MIB, 1), 1.0, 0, 0);
        assert_eq!(soak.verdict, SoakVerdict::Failed);
        let rss = trend(&soak, Resource::RssBytes);
        assert!(rss.grows && (rss.per_hour / MIB - 171.7).abs() < 20.0, "{rss:?}");
        assert!((rss.interval[0]..=rss.interval[1]).contains(&rss.per_hour));
        assert!(!trend(&soak, Resource::Threads).grows);
        assert!((rss.growth / (29.0 * MIB) - 0.9).abs() < 0.1, "over nine of ten minutes: {rss:?}");
    }

    #[test]
    fn growth_below_the_floor_is_shown_and_does_not_count() {
        let soak = Soak::judge(&ten_minutes(6.0, 1), 1.0, 0, 0);
        let rss = trend(&soak, Resource::RssBytes);
        assert!(rss.interval[0] > 0.0 && !rss.grows, "5 % of 200 MiB are 10 MiB: {rss:?}");
        assert_eq!(soak.verdict, SoakVerdict::Steady);
    }

    #[test]
    fn threads_that_stay_behind_are_growth() {
        let mut series = ten_minutes(0.0, 1);
        for (second, point) in series.iter_mut().enumerate() {
            point.threads = Some(12 + second as u64 / 60);
        }
        let soak = Soak::judge(&series, 1.0, 0, 0);
        let grow: Vec<_> =
            soak.trends.iter().filter(|trend| trend.grows).map(|trend| trend.resource).collect();
        assert_eq!((grow, soak.verdict), (vec![Resource::Threads], SoakVerdict::Failed));
    }

    #[test]
    fn workers_that_are_missing_at_the_end_fail_it_and_one_that_is_replaced_does_not() {
        let mut series = ten_minutes(0.0, 1);
        for (second, point) in series.iter_mut().enumerate() {
            point.workers = if second % 7 == 0 { 3 } else { 4 };
        }
        let soak = Soak::judge(&series, 1.0, 0, 0);
        assert_eq!((soak.workers, soak.verdict), ([4, 4], SoakVerdict::Steady));
        series[500..].iter_mut().for_each(|point| point.workers = 1);
        let soak = Soak::judge(&series, 1.0, 0, 0);
        assert_eq!((soak.workers, soak.verdict), ([4, 1], SoakVerdict::Failed));
    }

    #[test]
    fn what_happens_while_things_settle_is_left_out() {
        let mut series = ten_minutes(0.0, 1);
        for (second, point) in series.iter_mut().take(60).enumerate() {
            point.rss_bytes = (second as u64 * 3) << 20;
        }
        let soak = Soak::judge(&series, 1.0, 0, 0);
        assert!((soak.settling_s - 59.9).abs() < 1e-9);
        assert_eq!(soak.verdict, SoakVerdict::Steady, "{:?}", soak.trends);
    }

    #[test]
    fn lost_or_failed_jobs_fail_and_few_samples_say_nothing() {
        let series = ten_minutes(0.0, 1);
        assert_eq!(Soak::judge(&series, 1.0, 1, 0).verdict, SoakVerdict::Failed);
        assert_eq!(Soak::judge(&series, 1.0, 0, 1).verdict, SoakVerdict::Failed);
        assert_eq!(Soak::judge(&series[..5], 1.0, 0, 0).verdict, SoakVerdict::TooShort);
        assert_eq!(Soak::judge(&[], 1.0, 0, 2).verdict, SoakVerdict::Failed);
    }

    #[test]
    fn a_record_keeps_at_most_six_hundred_points_and_judges_by_all() {
        let series: Vec<SoakPoint> = (0..1300)
            .map(|second| SoakPoint { at_s: f64::from(second), rss_bytes: 1 << 20, ..SoakPoint::default() })
            .collect();
        let soak = Soak::judge(&series, 1.0, 0, 0);
        assert_eq!(soak.series.len(), 434);
        assert!(
            soak.trends.iter().all(|trend| trend.resource == Resource::RssBytes),
            "the others are unknown"
        );
    }
}

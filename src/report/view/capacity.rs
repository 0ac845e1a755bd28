//! The highest rate that holds an objective, by number of workers: what they gain, and how many are enough.

use crate::capacity::{Confirmed, Figure, Purpose, Slo, Term};
use crate::executor::Isolation;
use crate::load::Spacing;
use crate::record::{self, RunRecord};
use crate::report::Quantity;
use crate::stats::Percentiles;

use super::cell::{ENOUGH_FOR_P99, ENOUGH_FOR_P999};
use super::text::{clean, list, plural};
use super::{Engine, Workload, policies};

/// All rows that differ in nothing but their workers.
#[derive(Debug)]
pub(in crate::report) struct Sweep {
    /// By place.
    pub engine: usize,
    pub workload: String,
    /// As tables name it: `thread/keep +retry`.
    pub setting: String,
    /// What has to hold, and on what kind of load.
    pub objective: String,
    /// Whether jobs came evenly spaced.
    pub is_even: bool,
    /// Limits of response time: figure and microseconds.
    pub limits: Vec<(Figure, f64)>,
    /// By number of workers, the fewest first.
    pub pools: Vec<SizedPool>,
    pub headline: String,
}

/// A pool of so many workers.
#[derive(Debug)]
pub(in crate::report) struct SizedPool {
    pub workers: u32,
    /// The rate, or why there is none.
    pub rate: Result<Rate, String>,
    pub closed_loop_per_s: Option<f64>,
    /// Every rate tried, the lowest first.
    pub curve: Vec<Point>,
    /// How late the load driver was where the objective broke first, if that alone may have broken it: rate and
    /// microseconds.
    pub driver_late: Option<(f64, f64)>,
}

/// The highest rate that holds.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Rate {
    pub per_s: f64,
    pub interval: [f64; 2],
    pub confirmed: Confirmed,
    /// How many times that of the fewest workers; nothing for these, and where they have none.
    pub gain: Option<f64>,
    /// The gain for each worker more, as a part of what would be perfect.
    pub efficiency: Option<f64>,
}

/// A rate that was tried.
#[derive(Debug)]
pub(in crate::report) struct Point {
    pub rate_per_s: f64,
    pub purpose: Purpose,
    pub held: bool,
    pub broken_by: Vec<String>,
    /// Nothing when its process died.
    pub figures: Option<Figures>,
}

/// What was measured at a rate: times in microseconds.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Figures {
    pub achieved_per_s: f64,
    pub submitted: u64,
    pub errors: u64,
    pub response: Percentiles,
    /// Nothing when the samples do not carry it; as the next.
    pub p99: Option<f64>,
    pub p999: Option<f64>,
    pub pacer_p99: f64,
}

/// The load driver's lateness, as a part of the time that broke an objective, above which it may have broken it alone.
const DRIVER_PART: f64 = 0.5;

/// Every sweep of the record, in the order of its engines and workloads.
pub(super) fn sweeps(record: &RunRecord, engines: &[Engine], workloads: &[Workload]) -> Vec<Sweep> {
    let policies: Vec<_> = record.capacity.iter().map(|row| row.policies.unwrap_or_default()).collect();
    let place = |row: &record::Capacity| {
        let engine = engines.iter().position(|engine| engine.id == row.engine);
        let workload = workloads.iter().position(|workload| workload.id == row.workload);
        let numbers = row.policies.unwrap_or_default();
        let numbers = (numbers.retries, numbers.breaker, numbers.in_flight);
        // The baseline comes last, as everywhere.
        let kind = (row.isolation == Isolation::Task, row.isolation, row.reuse, numbers);
        (workload, engine, kind, row.slo.clone(), row.spacing == Spacing::Poisson)
    };
    let mut rows: Vec<&record::Capacity> = record.capacity.iter().collect();
    rows.sort_by_cached_key(|row| (place(row), row.workers));
    rows.chunk_by(|one, next| place(one) == place(next))
        .map(|rows| {
            let row = rows[0];
            let suffix = policies::suffix(row.policies.unwrap_or_default(), &policies);
            let engine = engines.iter().position(|engine| engine.id == row.engine);
            let engine = engine.expect("every engine of a capacity row was listed");
            let sweep = Sweep {
                engine,
                workload: clean(&row.workload),
                setting: format!("{}/{}{suffix}", row.isolation, row.reuse),
                objective: objective(row),
                is_even: row.spacing == Spacing::Constant,
                limits: limits(&row.slo),
                pools: pools(rows),
                headline: String::new(),
            };
            Sweep { headline: headline(&sweep, &engines[engine], &clean(&row.slo)), ..sweep }
        })
        .collect()
}

fn objective(row: &record::Capacity) -> String {
    let spacing = match row.spacing {
        Spacing::Constant => "evenly spaced",
        Spacing::Poisson => "Poisson",
    };
    format!("{}, {spacing}", clean(&row.slo))
}

/// None of an objective that cannot be read.
fn limits(slo: &str) -> Vec<(Figure, f64)> {
    let slo: Option<Slo> = slo.parse().ok();
    let limit = |term: &Term| match term {
        Term::Response { figure, below } => Some((*figure, below.as_secs_f64() * 1e6)),
        Term::Errors { .. } => None,
    };
    slo.map_or(Vec::new(), |slo| slo.terms().iter().filter_map(limit).collect())
}

fn pools(rows: &[&record::Capacity]) -> Vec<SizedPool> {
    let fewest = rows[0];
    let pool = |row: &&record::Capacity| {
        let gain = fewest.rate_per_s.zip(row.rate_per_s).filter(|_| row.workers > fewest.workers);
        let gain = gain.map(|(fewest, rate)| rate / fewest);
        let more = f64::from(row.workers) / f64::from(fewest.workers);
        let rate = match (row.rate_per_s, row.interval) {
            (Some(per_s), Some(interval)) => Ok(Rate {
                per_s,
                interval,
                confirmed: row.confirmed.unwrap_or_default(),
                gain,
                efficiency: gain.map(|gain| gain / more),
            }),
            _ => Err(clean(row.why.as_deref().unwrap_or("the record does not say why"))),
        };
        let mut curve: Vec<Point> = row.curve.iter().map(point).collect();
        curve.sort_by(|a, b| a.rate_per_s.total_cmp(&b.rate_per_s));
        SizedPool {
            workers: row.workers,
            rate,
            closed_loop_per_s: row.closed_loop_per_s,
            driver_late: driver_late(&curve),
            curve,
        }
    };
    rows.iter().map(pool).collect()
}

fn point(point: &record::CurvePoint) -> Point {
    let figures = |figures: &record::CurveFigures| {
        let ran = figures.submitted.saturating_sub(figures.errors);
        Figures {
            achieved_per_s: figures.achieved_per_s,
            submitted: figures.submitted,
            errors: figures.errors,
            response: figures.response_us(),
            p99: Some(figures.p99_us).filter(|_| ran >= ENOUGH_FOR_P99),
            p999: Some(figures.p999_us).filter(|_| ran >= ENOUGH_FOR_P999),
            pacer_p99: figures.pacer_p99_us,
        }
    };
    Point {
        rate_per_s: point.rate_per_s,
        purpose: point.purpose,
        held: point.held,
        broken_by: point.broken_by.iter().map(|why| clean(why)).collect(),
        figures: point.figures.as_ref().map(figures),
    }
}

/// Of the lowest rate that broke.
fn driver_late(curve: &[Point]) -> Option<(f64, f64)> {
    let broken = curve.iter().find(|point| !point.held)?;
    let figures = broken.figures?;
    let is_grave = figures.pacer_p99 > DRIVER_PART * figures.p99.unwrap_or(figures.response.p95);
    is_grave.then_some((broken.rate_per_s, figures.pacer_p99))
}

/// Nothing of an engine that is not there: that is told of it anyway.
fn headline(sweep: &Sweep, engine: &Engine, slo: &str) -> String {
    if engine.missing.is_some() {
        return String::new();
    }
    let place = format!("{} on {} ({})", engine.name, sweep.workload, sweep.setting);
    let workers = |pool: &SizedPool| plural(pool.workers.into(), "worker");
    let held: Vec<String> = sweep
        .pools
        .iter()
        .filter_map(|pool| {
            let Rate { per_s, interval: [low, high], .. } = *pool.rate.as_ref().ok()?;
            let (low, high) = (jobs(low), jobs(high));
            Some(format!("up to {} jobs/s with {} (between {low} and {high})", jobs(per_s), workers(pool)))
        })
        .collect();
    let mut sentences = Vec::new();
    if !held.is_empty() {
        sentences.push(format!("{place} held {slo} {}.", list(&held)));
    }
    if let Some(enough) = sweep.enough() {
        let are = if enough == 1 { "is" } else { "are" };
        let enough = plural(enough.into(), "worker");
        sentences.push(format!("{enough} {are} enough: more of them hold no higher rate."));
    }
    for pool in &sweep.pools {
        if let Err(why) = &pool.rate {
            sentences.push(format!("{place} has no rate for {slo} with {}: {why}.", workers(pool)));
        }
    }
    sentences.join(" ")
}

/// A rate in whole jobs, or in parts of them where there are few.
fn jobs(per_s: f64) -> String {
    if per_s < 100.0 { Quantity::Mean(per_s) } else { Quantity::Count(per_s.round() as u64) }.to_string()
}

impl Sweep {
    /// The figure of response time that its curve is about: the last that has a limit and is no median; the 99th
    /// percentile where there is none, or the 95th where no run had enough jobs for that.
    pub fn tail(&self, pool: &SizedPool) -> Figure {
        let limited =
            self.limits.iter().rev().map(|(figure, _)| *figure).find(|figure| *figure != Figure::P50);
        let has_p99 =
            pool.curve.iter().any(|point| point.figures.is_some_and(|figures| figures.p99.is_some()));
        limited.unwrap_or(if has_p99 { Figure::P99 } else { Figure::P95 })
    }

    /// The fewest workers that hold as high a rate as any more of them, as far as the intervals tell; nothing if these
    /// are the most that were tried.
    pub fn enough(&self) -> Option<u32> {
        let rates = || self.pools.iter().filter_map(|pool| Some((pool.workers, pool.rate.as_ref().ok()?)));
        let best = rates().map(|(_, rate)| rate.per_s).fold(0.0, f64::max);
        let most = rates().map(|(workers, _)| workers).max()?;
        let enough = rates().find(|(_, rate)| rate.interval[1] >= best)?.0;
        (enough < most).then_some(enough)
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, Report, fixture};

    #[test]
    fn a_sweep_tells_what_workers_gain_and_how_many_are_enough() {
        let record = fixture::capacity();
        let report = Report::new(&record).unwrap();
        let [alpha, beta, delta] = &report.sweeps[..] else { panic!("{:?}", report.sweeps) };
        let gains: Vec<_> = alpha
            .pools
            .iter()
            .map(|pool| (pool.workers, pool.rate.as_ref().unwrap()))
            .map(|(workers, rate)| (workers, rate.gain, rate.efficiency))
            .collect();
        assert_eq!(gains, [(1, None, None), (2, Some(1.9), Some(0.95)), (4, Some(1.95), Some(0.4875))]);
        assert_eq!((alpha.enough(), beta.enough()), (Some(2), None), "1,970/s at most is as many as 1,950/s");
        assert!(beta.pools[0].rate.is_err() && delta.pools[0].curve.is_empty());
    }

    #[test]
    fn the_first_sentence_is_the_answer() {
        let record = fixture::capacity();
        let report = Report::new(&record).unwrap();
        let verdict = report.verdict();
        let expected = "alpha on demo/one (thread/keep) held p99<50ms,errors<0.1% up to 1,000 jobs/s with 1 worker \
                        (between 1,000 and 1,040), up to 1,900 jobs/s with 2 workers (between 1,900 and 1,970) and up to \
                        1,950 jobs/s with 4 workers (between 1,950 and 2,000). 2 workers are enough: more of them hold \
                        no higher rate.";
        assert_eq!(verdict[0], expected);
        assert!(
            verdict[1]
                .starts_with("beta on demo/one (thread/keep) has no rate for p99<50ms,errors<0.1% with 1")
        );
    }

    #[test]
    fn a_driver_that_was_late_itself_is_told() {
        let mut record = fixture::capacity();
        let late =
            |record: &crate::record::RunRecord| Report::new(record).unwrap().sweeps[0].pools[0].driver_late;
        assert_eq!(late(&record), None);
        let broken = record.capacity[0].curve.iter_mut().find(|point| point.rate_per_s == 1_040.0).unwrap();
        broken.figures.as_mut().unwrap().pacer_p99_us = 40_000.0;
        assert_eq!(late(&record), Some((1_040.0, 40_000.0)));
    }

    #[test]
    fn the_order_of_rows_and_rates_does_not_matter() {
        let record = fixture::capacity();
        let mut shuffled = record.clone();
        shuffled.capacity.reverse();
        shuffled
            .capacity
            .iter_mut()
            .for_each(|row| row.curve.sort_by(|a, b| b.rate_per_s.total_cmp(&a.rate_per_s)));
        let pages = |record| {
            let report = Report::new(record).unwrap();
            [Format::Markdown, Format::Html, Format::Terminal].map(|format| report.export(format).unwrap())
        };
        assert!(pages(&record) == pages(&shuffled));
    }

    #[test]
    fn a_page_has_the_curves_with_their_limit() {
        let record = fixture::capacity();
        let report = Report::new(&record).unwrap();
        let html = String::from_utf8(report.export(Format::Html).unwrap().remove(0).bytes).unwrap();
        assert!(html.contains("<section id=\"capacity\">") && html.contains("href=\"#capacity\""));
        assert_eq!(
            html.matches("class=\"plot\"").count(),
            3,
            "beta has one rate that was measured: no curve"
        );
        assert!(html.contains("p50 (circles) and p99 (triangles); dashed, the limit: p99 50.0 ms"));
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert"));
        for tag in ["section", "div", "figure", "svg", "table"] {
            let opened =
                html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}

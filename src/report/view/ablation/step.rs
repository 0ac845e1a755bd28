//! One rung of a ladder: its rounds made one, and held against the rung it builds on.

use crate::executor::{Isolation, OutcomeKind};
use crate::load::Stop;
use crate::record::{Measurement, Step};
use crate::report::ReportError;
use crate::report::view::cell::{Cell, ENOUGH_FOR_P99, Figures, Reason};
use crate::report::view::{Engine, plural};
use crate::stats::Summary;

use super::Death;

/// One setting of a ladder.
#[derive(Debug)]
pub(in crate::report) struct Rung {
    /// By what it adds: `thread +retry`.
    pub name: String,
    pub isolation: Isolation,
    pub step: Step,
    /// Place and difference of the rung it builds on.
    pub over: Option<usize>,
    /// Good jobs that were to be answered: those submitted, and where the host died, those planned.
    pub wanted: u64,
    /// Of those, the ones answered rightly.
    pub right: u64,
    /// Good jobs lost or failed, by kind.
    pub failed: Vec<(String, u64)>,
    /// Median response time, microseconds; of the survivors if there are any.
    pub p50: Option<f64>,
    /// 99th percentile of the same.
    pub p99: Option<f64>,
    /// Of the rounds that ended well.
    pub figures: Option<Figures>,
    /// Processor seconds for a thousand good jobs answered rightly, of the rounds that ended well; what hostile
    /// jobs used is in it.
    pub cpu_per_thousand: Option<f64>,
    /// Further attempts, at good jobs and at hostile ones, of the rounds that ended well.
    pub retries: Option<[u64; 2]>,
    /// Share of the planned time that the host was up, 0 to 1; nothing for a count of jobs.
    pub up: Option<f64>,
    /// Rounds whose host died.
    pub deaths: Vec<Death>,
    /// Why the other rounds could not run.
    pub not_run: Vec<Reason>,
    /// Share of good jobs answered rightly gained over the rung it builds on, 0 to 1.
    pub gained: Option<f64>,
    /// 99th percentile by that of the rung it builds on.
    pub p99_ratio: Option<f64>,
}

impl Rung {
    pub(super) fn new(
        name: String,
        (isolation, step): (Isolation, Step),
        engine: &Engine,
        rounds: Vec<&Measurement>,
        (over, base): (Option<usize>, Option<&Rung>),
    ) -> Result<Self, ReportError> {
        let duration = rounds.iter().find_map(|row| match row.plan.stop {
            Stop::After(time) => Some(time.as_secs_f64()),
            Stop::Count(_) => None,
        });
        let mut deaths: Vec<Death> = rounds.iter().filter_map(|row| Death::of(row)).collect();
        deaths.sort_by_key(|death| death.round);
        let others: Vec<&Measurement> = rounds.into_iter().filter(|row| row.died.is_none()).collect();
        let (figures, not_run) = match Cell::merge(engine, others)? {
            Cell::Measured(figures) => {
                let failed = figures.failed.clone();
                (Some(*figures), failed)
            }
            Cell::Failed(reasons) => (None, reasons),
            Cell::Missing(_) | Cell::NotMeasured => (None, Vec::new()),
        };
        let answered = figures.as_ref().map_or(0, right_of);
        let submitted = figures.as_ref().map_or(0, |figures| figures.submitted);
        let longest = deaths.iter().max_by(|a, b| a.at_s.total_cmp(&b.at_s));
        let of_death = |samples: u64, time: fn(&Death) -> f64| {
            longest.filter(|death| death.right + death.failed >= samples).map(time)
        };
        let (p50, p99) = match &figures {
            Some(figures) => (figures.response.p50(), figures.response.p99()),
            None => (of_death(1, |death| death.p50_us), of_death(ENOUGH_FOR_P99, |death| death.p99_us)),
        };
        let mut rung = Self {
            name,
            isolation,
            step,
            over,
            wanted: submitted + deaths.iter().map(|death| death.wanted).sum::<u64>(),
            right: answered + deaths.iter().map(|death| death.right).sum::<u64>(),
            failed: failed(figures.as_ref(), &deaths),
            p50,
            p99,
            cpu_per_thousand: figures
                .as_ref()
                .filter(|_| answered > 0)
                .and_then(|figures| Some(figures.cpu_workers? * 1e3 / answered as f64)),
            retries: figures
                .as_ref()
                .map(|figures| [figures.retries, figures.hostile.map_or(0, |hostile| hostile.retries)]),
            up: up(figures.as_ref().map_or(0, |figures| figures.rounds), duration, &deaths),
            figures,
            deaths,
            not_run,
            gained: None,
            p99_ratio: None,
        };
        if let Some(base) = base {
            rung.gained = rung.share().zip(base.share()).map(|(here, below)| here - below);
            let above_nought = |time: Option<f64>| time.filter(|time| *time > 0.0);
            rung.p99_ratio = rung.p99.zip(above_nought(base.p99)).map(|(here, below)| here / below);
        }
        Ok(rung)
    }

    /// Share of good jobs answered rightly, 0 to 1: its availability.
    pub fn share(&self) -> Option<f64> {
        (self.wanted > 0).then(|| self.right as f64 / self.wanted as f64)
    }

    /// What there is to say of its hosts, a line each: how they died, and why rounds could not run.
    pub fn told(&self) -> Vec<String> {
        let several = self.deaths.len() > 1;
        let death = |death: &Death| {
            let round = if several { format!(", round {}", death.round + 1) } else { String::new() };
            format!("{}{round}: {}.", self.name, death.told())
        };
        let not_run = |reason: &Reason| {
            format!(
                "{}: {} could not run: {}.",
                self.name,
                plural(reason.rounds.into(), "round"),
                reason.text
            )
        };
        self.deaths.iter().map(death).chain(self.not_run.iter().map(not_run)).collect()
    }
}

fn right_of(figures: &Figures) -> u64 {
    figures.outcomes.ok.saturating_sub(figures.wrong_answers)
}

/// Over all rounds that ran; a host that did not die was up to the end.
fn up(well: u32, duration: Option<f64>, deaths: &[Death]) -> Option<f64> {
    let whole = duration? * f64::from(well);
    let (mut up, mut planned) = (whole, whole);
    for (of_this, of) in deaths.iter().filter_map(Death::up) {
        up += of_this;
        planned += of;
    }
    (planned > 0.0).then(|| up / planned)
}

fn failed(figures: Option<&Figures>, deaths: &[Death]) -> Vec<(String, u64)> {
    let mut kinds: Vec<(String, u64)> = Vec::new();
    if let Some(figures) = figures {
        kinds.push(("wrong".to_owned(), figures.wrong_answers));
        for kind in OutcomeKind::ALL.into_iter().filter(|kind| *kind != OutcomeKind::Ok) {
            kinds.push((kind.as_str().replace('_', " "), figures.outcomes.get(kind)));
        }
        kinds.push(("lost".to_owned(), figures.submitted.saturating_sub(figures.outcomes.total())));
    }
    // A host that died had told how many failed, not how.
    kinds.push(("failed before its end".to_owned(), deaths.iter().map(|death| death.failed).sum()));
    kinds.push(("unanswered".to_owned(), deaths.iter().map(Death::unanswered).sum()));
    kinds.retain(|(_, count)| *count > 0);
    kinds
}

/// What a step is called, by what it adds.
pub(super) fn name(isolation: Isolation, step: Step) -> String {
    match step {
        Step::Bare => isolation.to_string(),
        Step::Retry | Step::Breaker | Step::Both => format!("{isolation} +{}", step.as_str()),
    }
}

/// Share of good jobs answered rightly in one row.
pub(super) fn share_of(row: &Measurement) -> Option<f64> {
    let right = |summary: &Summary| summary.outcomes.ok.saturating_sub(summary.wrong_answers);
    let (right, wanted) = match (&row.summary, Death::of(row)) {
        (Some(summary), _) => (right(summary), summary.submitted),
        (None, Some(death)) => (death.right, death.wanted),
        (None, None) => return None,
    };
    (wanted > 0).then(|| right as f64 / wanted as f64)
}

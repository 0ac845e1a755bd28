//! Warnings about the conditions under which cells were measured: one for each kind, with the worst of its places.

use crate::report::Quantity;
use crate::report::view::conditions::{Conditions, OTHERS, Outlier, STEAL};
use crate::report::view::text::{plural, some_of};
use crate::report::view::{Figures, Report};
use crate::stats::SteadyState;

use super::{NAMED, Warning, ranked};

/// A slower yardstick than this, as a part of the fastest, is another clock rate.
const DRIFT: f64 = 0.05;

pub(super) fn warn(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    warnings.extend([never_steady(report), late(report), rounds_apart(report)].into_iter().flatten());
    warnings.extend([neighbours(report), steal(report), quota(report), heat(report)].into_iter().flatten());
    warnings.extend(drift(report));
}

fn never_steady(report: &Report<'_>) -> Option<Warning> {
    let never = ranked(report).filter(|(.., cell)| {
        cell.figures().is_some_and(|figures| figures.conditions.steady == Some(SteadyState::Never))
    });
    let places: Vec<String> =
        never.map(|(setting, row, engine, _)| Report::place(setting, row, engine)).collect();
    (!places.is_empty()).then(|| {
        Warning::new(
            format!(
                "Service time never settled in {}: {}.",
                plural(places.len() as u64, "cell"),
                some_of(&places, NAMED)
            ),
            "These figures are of a state that was still changing; measure for longer with “--duration”, and look whether \
             service time falls (warm-up), rises (a leak, heat) or jumps (something else ran).",
        )
    })
}

fn late(report: &Report<'_>) -> Option<Warning> {
    let mut late: Vec<(f64, String)> = ranked(report)
        .filter_map(|(setting, row, engine, cell)| match cell.figures()?.conditions.steady? {
            SteadyState::Late { from_s } => Some((from_s, Report::place(setting, row, engine))),
            SteadyState::Reached { .. } | SteadyState::Never => None,
        })
        .collect();
    late.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (longest, _) = late.first()?;
    let places: Vec<String> = late
        .iter()
        .map(|(from_s, place)| format!("{place} (steady from {})", Quantity::Seconds(*from_s)))
        .collect();
    Some(Warning::new(
        format!(
            "The warm-up was too short in {}: {}.",
            plural(places.len() as u64, "cell"),
            some_of(&places, NAMED)
        ),
        format!("Their figures have the start in; measure again with “--warmup {}s”.", longest.ceil()),
    ))
}

fn rounds_apart(report: &Report<'_>) -> Option<Warning> {
    let mut apart: Vec<(f64, String)> = Vec::new();
    for (setting, row, engine, cell) in ranked(report) {
        for outlier in cell.figures().into_iter().flat_map(|figures| &figures.conditions.outliers) {
            let Outlier { round, figure, ratio } = *outlier;
            let place = Report::place(setting, row, engine);
            let text = format!("{place}, round {} ({figure} {})", round + 1, Quantity::Ratio(ratio));
            apart.push((outlier.distance(), text));
        }
    }
    apart.sort_by(|a, b| b.0.total_cmp(&a.0));
    let places: Vec<String> = apart.into_iter().map(|(_, text)| text).collect();
    (!places.is_empty()).then(|| {
        Warning::new(
            format!(
                "{} from the others of the same cell: {}.",
                match places.len() as u64 {
                    1 => "1 round stands apart".to_owned(),
                    many => format!("{} stand apart", plural(many, "round")),
                },
                some_of(&places, NAMED)
            ),
            "Something disturbed these rounds, and the cells have them in; see what else ran then, or measure again.",
        )
    })
}

fn neighbours(report: &Report<'_>) -> Option<Warning> {
    let beyond = Beyond::of(report, OTHERS, |conditions| conditions.others_cpu)?;
    Some(Warning::new(
        format!(
            "Other programs took more than {} of the machine's processor time in {}, at most {}.",
            Quantity::Share(OTHERS),
            beyond.count(),
            beyond.worst(Quantity::Share)
        ),
        "What they took the workers may have lacked; end them, or measure on a machine that has nothing else to do.",
    ))
}

fn steal(report: &Report<'_>) -> Option<Warning> {
    let beyond = Beyond::of(report, STEAL, |conditions| conditions.steal)?;
    Some(Warning::new(
        format!(
            "The hypervisor gave more than {} of the processor time to other guests in {}, at most {}.",
            Quantity::Share(STEAL),
            beyond.count(),
            beyond.worst(Quantity::Share)
        ),
        "The tail of the latencies is theirs in part; measure on processors that are not shared, or in more rounds.",
    ))
}

fn quota(report: &Report<'_>) -> Option<Warning> {
    let beyond = Beyond::of(report, 0.0, |conditions| conditions.throttled_s)?;
    Some(Warning::new(
        format!(
            "A quota of processor time held the load back in {}, at most for {}.",
            beyond.count(),
            beyond.worst(Quantity::Seconds)
        ),
        "The container's limit was measured, not the engine; raise it (“cpu.max”), or use fewer workers.",
    ))
}

fn heat(report: &Report<'_>) -> Option<Warning> {
    let beyond = Beyond::of(report, 0.0, |conditions| conditions.heat_events.map(|events| events as f64))?;
    Some(Warning::new(
        format!(
            "Counts of cores slowed down because of heat rose in {}, by at most {}.",
            beyond.count(),
            beyond.worst(|events| Quantity::Count(events as u64))
        ),
        "Clock rates fell while it ran; cool the machine, or limit its clock rate so that it can hold it.",
    ))
}

fn drift(report: &Report<'_>) -> Option<Warning> {
    let told: Vec<(f64, String)> = Beyond::all(report, |conditions| conditions.yardstick_us);
    let slowest = told.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let fastest = told.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    (slowest.0 > fastest.0 * (1.0 + DRIFT)).then(|| {
        Warning::new(
            format!(
                "The processor was not always as fast: one and the same arithmetic took {} longer beside {} than beside \
                 {}.",
                Quantity::Share(slowest.0 / fastest.0 - 1.0),
                slowest.1,
                fastest.1
            ),
            "Its clock rate changed, or a core was shared; fix the clock rate, or measure in more rounds, which are mixed.",
        )
    })
}

/// The cells in which a figure lies beyond its limit.
struct Beyond {
    /// Worst first.
    cells: Vec<(f64, String)>,
    /// Cells of which the figure is known.
    of: usize,
}

impl Beyond {
    /// `None` when there are none.
    fn of(report: &Report<'_>, limit: f64, figure: fn(&Conditions) -> Option<f64>) -> Option<Self> {
        let mut cells = Self::all(report, figure);
        let of = cells.len();
        cells.retain(|(value, _)| *value > limit);
        cells.sort_by(|a, b| b.0.total_cmp(&a.0));
        (!cells.is_empty()).then_some(Self { cells, of })
    }

    fn all(report: &Report<'_>, figure: fn(&Conditions) -> Option<f64>) -> Vec<(f64, String)> {
        let of = |figures: &Figures| figure(&figures.conditions);
        report
            .cells()
            .filter_map(|(setting, row, engine, cell)| {
                Some((of(cell.figures()?)?, Report::place(setting, row, engine)))
            })
            .collect()
    }

    fn count(&self) -> String {
        format!("{} of {}", self.cells.len(), plural(self.of as u64, "cell"))
    }

    fn worst(&self, quantity: fn(f64) -> Quantity) -> String {
        self.cells.first().map_or(String::new(), |(value, place)| format!("{} ({place})", quantity(*value)))
    }
}

#[cfg(test)]
mod tests;

//! The result in plain sentences, for a reader who reads nothing else.

use super::containment::headline;
use super::ranking::{RankedBy, Ranking};
use super::text::{list, plural};
use super::{Engine, Report, Setting, noise};
use crate::executor::Isolation;
use crate::report::Quantity;

/// Whether the machine was noisy, what was contained, then one paragraph a setting.
pub(super) fn verdict(report: &Report<'_>) -> Vec<String> {
    let calibrated = report.calibrated.as_ref().map(|calibrated| calibrated.headline.clone());
    let rates = report.verdict_rates.as_ref().map(|rates| rates.headline.clone());
    let capacities =
        report.sweeps.iter().map(|sweep| sweep.headline.clone()).filter(|headline| !headline.is_empty());
    let holds_costs = !(report.started.is_empty() && report.taken.is_empty());
    let is_of_others = report.scorecard.is_some() || report.is_of_instrument() || !report.sweeps.is_empty();
    if report.settings.is_empty() && !(is_of_others || holds_costs) {
        return vec!["This record holds neither load measurements nor containment rows.".to_owned()];
    }
    let headline = report.scorecard.as_ref().map(|scorecard| headline(scorecard, &report.engines));
    let ablations = report.ablations.iter().map(|ablation| ablation.headline.clone());
    let settings = report.ranked().map(|setting| of_setting(report, setting));
    let mut paragraphs: Vec<String> = noise::sentence(report)
        .into_iter()
        .chain(headline)
        .chain(calibrated)
        .chain(rates)
        .chain(capacities)
        .chain(ablations)
        .chain(settings)
        .collect();
    // An engine that no setting ranks for the same reason is told once.
    let missing: Vec<String> = report
        .engines
        .iter()
        .filter_map(|engine| Some(format!("{} ({})", engine.name, engine.missing.as_ref()?)))
        .collect();
    if !missing.is_empty() {
        paragraphs.push(format!("Not measured: {}.", list(&missing)));
    }
    paragraphs
}

fn of_setting(report: &Report<'_>, setting: &Setting) -> String {
    let ranking = &setting.ranking;
    let policies = setting.name.split_once(" +").map_or(String::new(), |(_, names)| {
        format!(" behind {}", list(&names.split(" +").map(str::to_owned).collect::<Vec<_>>()))
    });
    let under = match setting.isolation {
        Isolation::Remote => format!("Over HTTP{policies}"),
        isolation => format!("Under {isolation} isolation with {} reuse{policies}", setting.reuse),
    };
    let mut text = match ranking.ranked.as_slice() {
        [] => format!("{under}, no workload was completed by all engines, so none is ranked."),
        [only] => format!(
            "{under}, {} was the only engine that completed anything: {}.",
            report.engines[only.engine].name,
            counted(ranking)
        ),
        [first, ..] => {
            let leaders: Vec<String> = std::iter::once(first)
                .chain(ranking.ranked.iter().filter(|other| other.same_as_first))
                .map(|ranked| report.engines[ranked.engine].name.clone())
                .collect();
            let behind: Vec<String> = ranking.ranked[1..]
                .iter()
                .filter(|other| !other.same_as_first)
                .map(|other| distance(ranking.by, first, other, &report.engines))
                .collect();
            let is_judged = !report.comparisons().is_empty();
            let together = match (leaders.len(), report.floor()) {
                (1, _) => "",
                _ if is_judged => " (no significant difference between them)",
                (_, Some(_)) => " (no difference between them above the A/A floor)",
                (_, None) => " (exactly equal)",
            };
            let led = match ranking.by {
                RankedBy::Throughput if leaders.len() == 1 => "was the fastest engine",
                RankedBy::Throughput => "were the fastest engines",
                RankedBy::Median => "answered soonest",
            };
            let by_how_much = if behind.is_empty() { String::new() } else { format!(": {}", list(&behind)) };
            format!(
                "{under}, {} {led}{together}{by_how_much} (geometric mean over {}).",
                list(&leaders),
                counted(ranking)
            )
        }
    };
    let faults = faults(report, setting);
    if !faults.is_empty() {
        text.push_str(&format!(" Not everything held: {}.", list(&faults)));
    }
    text
}

fn distance(
    by: RankedBy,
    first: &super::ranking::Ranked,
    other: &super::ranking::Ranked,
    engines: &[Engine],
) -> String {
    let name = &engines[other.engine].name;
    match by {
        RankedBy::Throughput => {
            format!("{} the throughput of {name}", Quantity::Ratio(first.throughput / other.throughput))
        }
        RankedBy::Median => {
            format!("{name}'s median response time was {} as long", Quantity::Ratio(other.p50 / first.p50))
        }
    }
}

fn counted(ranking: &Ranking) -> String {
    if ranking.counted == ranking.rows {
        return plural(ranking.rows as u64, "workload");
    }
    format!("{} of {}", ranking.counted, plural(ranking.rows as u64, "workload"))
}

/// Engines of a setting with cells that failed, or that gave wrong answers or errors.
fn faults(report: &Report<'_>, setting: &Setting) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, engine) in report.engines.iter().enumerate() {
        if engine.missing.is_some() {
            continue;
        }
        let mut kinds = [0_u64; 4];
        for cell in setting.rows.iter().map(|row| &row.cells[place]) {
            match cell {
                super::Cell::Failed(_) => kinds[0] += 1,
                super::Cell::Measured(figures) if figures.wrong_answers > 0 => kinds[1] += 1,
                super::Cell::Measured(figures) if !figures.failed.is_empty() => kinds[2] += 1,
                super::Cell::Measured(figures) if figures.errors() > 0 => kinds[3] += 1,
                _ => {}
            }
        }
        let what = ["failed on", "gave wrong answers on", "failed in some rounds on", "had errors on"];
        let told: Vec<String> = kinds
            .iter()
            .zip(what)
            .filter(|(count, _)| **count > 0)
            .map(|(count, what)| format!("{what} {}", plural(*count, "workload")))
            .collect();
        if !told.is_empty() {
            faults.push(format!("{} {}", engine.name, list(&told)));
        }
    }
    faults
}

//! Whether the machine was too noisy for fine differences, in one plain sentence.

use crate::report::Quantity;
use crate::stats::median;

use super::conditions::{OTHERS, STEAL};
use super::ranking::RankedBy;
use super::text::list;
use super::warnings::HIGH_FLOOR;
use super::{Figures, Report};

/// From this part of the cells on, disturbances are a property of the machine.
const MANY: f64 = 0.25;

/// What made it noisy, and up to where a difference is none; nothing when it was quiet enough.
pub(super) fn sentence(report: &Report<'_>) -> Option<String> {
    // An ablation is about who survives: a little noise makes no difference there.
    let ranked = report.cells().filter(|(setting, ..)| setting.step.is_none());
    let measured: Vec<&Figures> = ranked.filter_map(|(.., cell)| cell.figures()).collect();
    if measured.is_empty() {
        return None;
    }
    let disturbed: Vec<&Figures> =
        measured.iter().copied().filter(|figures| figures.conditions.are_disturbed()).collect();
    let often = disturbed.len() as f64 >= MANY * measured.len() as f64;
    let floor = report.floor().map(|floor| floor.throughput).filter(|floor| *floor > HIGH_FLOOR);
    if !often && floor.is_none() {
        return None;
    }
    let most = |figure: fn(&Figures) -> Option<f64>, limit: f64| {
        disturbed.iter().filter_map(|figures| figure(figures)).filter(|value| *value > limit).reduce(f64::max)
    };
    let others = most(|figures| figures.conditions.others_cpu, OTHERS)
        .map(|share| format!("other programs took up to {} of its processor time", Quantity::Share(share)));
    let steal = most(|figures| figures.conditions.steal, STEAL)
        .map(|share| format!("its hypervisor gave up to {} of it to other guests", Quantity::Share(share)));
    let quota =
        most(|figures| figures.conditions.throttled_s, 0.0).map(|_| "a quota held it back".to_owned());
    let heat = most(|figures| figures.conditions.heat_events.map(|events| events as f64), 0.0)
        .map(|_| "it ran hot".to_owned());
    let twice = floor.map(|floor| {
        format!("the same engine measured twice differed by {} in throughput", Quantity::Share(floor))
    });
    let reasons: Vec<String> =
        [others, steal, quota, heat].into_iter().flatten().filter(|_| often).chain(twice).collect();
    let none = match indistinct(report, &measured) {
        Some(share) => format!("differences below {} %", (share * 100.0 - 1e-9).ceil()),
        None => "small differences".to_owned(),
    };
    Some(format!("This machine was noisy: {}; take {none} as none.", list(&reasons)))
}

/// The difference of what engines are ranked by, as a part, that the machine makes by itself: that of one engine measured
/// twice, or half the distance between the best and the worst round of the middle cell, whichever is more. Nothing
/// without either.
fn indistinct(report: &Report<'_>, measured: &[&Figures]) -> Option<f64> {
    let by_throughput = report.ranked().any(|setting| setting.ranking.by == RankedBy::Throughput);
    let floor = report.floor().map(|floor| if by_throughput { floor.throughput } else { floor.p50 });
    let strays = measured
        .iter()
        .filter(|figures| figures.rounds > 1)
        .map(|figures| if by_throughput { figures.throughput } else { figures.p50 })
        .filter(|spread| spread.value > 0.0)
        .map(|spread| (spread.max - spread.min) / 2.0 / spread.value);
    floor.into_iter().chain(median(strays)).filter(|share| *share > 0.0).reduce(f64::max)
}

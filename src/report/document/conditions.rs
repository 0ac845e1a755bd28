//! The table of the conditions under which the cells of a workload were measured.

use crate::report::Quantity;
use crate::report::view::{Report, Row, Setting};
use crate::stats::SteadyState;

use super::detail::fill;
use super::table::{Entry, Mark, Table};

/// When each cell settled and what else the machine did; nothing when no cell tells.
pub(super) fn conditions(report: &Report<'_>, rows: &[(&Setting, &Row)]) -> Option<Table> {
    let mut cells = rows.iter().flat_map(|(_, row)| &row.cells).filter_map(|cell| cell.figures());
    if !cells.any(|figures| figures.conditions.are_known()) {
        return None;
    }
    let columns = [
        "Engine",
        "Setting",
        "Steady from",
        "CPU of others",
        "Stolen CPU",
        "Held back by quota",
        "Slowed by heat",
        "Yardstick",
    ];
    let mut table = Table::new("Conditions", &columns);
    table.columns[1].numeric = false;
    table.lead = "When service time had settled, counted from the beginning of warm-up; the most that other programs and \
                  other guests took of the machine's processor time in a round; and how long one and the same short \
                  arithmetic took."
        .to_owned();
    fill(&mut table, report, rows, |figures| {
        let conditions = &figures.conditions;
        let steady = match conditions.steady {
            Some(SteadyState::Never) => Entry { numeric: true, ..Entry::text("never") }.marked(Mark::Bad),
            Some(SteadyState::Late { from_s }) => {
                Entry::figure(Some(from_s), Quantity::Seconds).with_note("late").marked(Mark::Bad)
            }
            Some(SteadyState::Reached { from_s }) => Entry::figure(Some(from_s), Quantity::Seconds),
            None => Entry::figure(None, Quantity::Seconds),
        };
        vec![vec![
            steady,
            Entry::figure(conditions.others_cpu, Quantity::Share),
            Entry::figure(conditions.steal, Quantity::Share),
            Entry::figure(conditions.throttled_s, Quantity::Seconds),
            Entry::figure(conditions.heat_events.map(|events| events as f64), |events| {
                Quantity::Count(events as u64)
            }),
            Entry::figure(conditions.yardstick_us, Quantity::Latency),
        ]]
    });
    Some(table)
}

//! How often comparisons were right, as a table.

use crate::record::{Asked, VerdictRate};
use crate::report::Quantity;
use crate::report::view::{Report, VerdictRates, clean};

use super::Section;
use super::table::{Entry, Mark, Table};

/// Nothing where none were counted.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    let rates = report.verdict_rates.as_ref()?;
    Some(Section {
        anchor: "verdict-rates",
        title: "Verdicts",
        lead: "The fake engine compared with itself, and with one whose every job takes longer, each cell in a fresh \
               process, over as many rounds as “compare” has. Twelve comparisons at a time, of one and the same rounds, are corrected together. \
               The same server is judged without an A/A floor; the slower ones with that of the pair measured with them."
            .to_owned(),
        tables: vec![table(rates)],
    })
}

/// The table.
pub(in crate::report) fn table(rates: &VerdictRates) -> Table {
    let heads =
        ["Server", "Slower by", "Compared by", "Faster", "Slower", "No difference", "Open", "All", "Asked"];
    let mut table = Table::new("How often a server was called what", &heads);
    table.columns[2].numeric = false;
    table.columns[8].numeric = false;
    table.rows = rates.together.iter().chain(&rates.rows).map(row).collect();
    table
        .notes
        .push("“Open” is not enough data. Only all servers together are held to what is asked.".to_owned());
    table
}

fn row(rate: &VerdictRate) -> Vec<Entry> {
    let is_judged = rate.server == "all";
    let mark = if is_judged && !rate.is_as_asked() { Mark::Bad } else { Mark::Plain };
    let asked = match rate.asked() {
        Asked::Same if is_judged => "different in 5 % at most",
        Asked::Found if is_judged => "slower in 90 % at least",
        _ => "",
    };
    vec![
        Entry::text(clean(&rate.server)),
        Entry::figure(Some(rate.injected), Quantity::Share),
        Entry::text(rate.metric.as_str()),
        Entry::count(rate.faster.into()),
        Entry::count(rate.slower.into()),
        Entry::count(rate.no_difference.into()),
        Entry::count(rate.not_enough_data.into()),
        Entry::count(rate.comparisons().into()),
        Entry::text(asked).marked(mark),
    ]
}

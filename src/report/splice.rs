//! The small table of a README, and the way it gets there.

use super::ReportError;
use super::document::{ranking, summary};
use super::markdown;
use super::view::Report;

/// The line before the table.
pub const BEGIN_MARKER: &str = "<!-- jsarena:table -->";
/// The line after the table.
pub const END_MARKER: &str = "<!-- /jsarena:table -->";

/// The text with everything between the two markers replaced by the table. The markers stay, so it can be done
/// again; doing it twice changes nothing.
///
/// # Errors
/// [`ReportError::Marker`] when a marker is not there, is there twice, or they are in the wrong order.
pub fn splice(
    readme: &str,
    begin_marker: &str,
    end_marker: &str,
    table: &str,
) -> Result<String, ReportError> {
    let only = |marker: &str| {
        let mut places = readme.match_indices(marker).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            _ => Err(ReportError::Marker(marker.to_owned())),
        }
    };
    let (begin, end) = (only(begin_marker)? + begin_marker.len(), only(end_marker)?);
    if end < begin {
        return Err(ReportError::Marker(end_marker.to_owned()));
    }
    Ok(format!("{}\n\n{}\n\n{}", &readme[..begin], table.trim(), &readme[end..]))
}

/// The table for a README: the scorecard and the rankings of a report, with the load and what was left out.
pub fn summary_table(report: &Report<'_>) -> String {
    let mut text = String::new();
    if let Some(scorecard) = &report.scorecard {
        text.push_str(&format!("**Containment**\n\n{}\n", markdown::table(&summary(report, scorecard))));
    }
    for setting in report.ranked() {
        let table = ranking(report, setting);
        text.push_str(&format!("**{}**\n\n{}\n", table.title, markdown::table(&table)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    const README: &str = "# x\n<!-- jsarena:table -->\nold\n<!-- /jsarena:table -->\nrest\n";

    fn spliced(readme: &str) -> Result<String, ReportError> {
        splice(readme, BEGIN_MARKER, END_MARKER, "| new |\n")
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let once = spliced(README).unwrap();
        assert_eq!(once, "# x\n<!-- jsarena:table -->\n\n| new |\n\n<!-- /jsarena:table -->\nrest\n");
        assert_eq!(spliced(&once).unwrap(), once);
    }

    #[test]
    fn a_text_without_its_place_is_refused() {
        for readme in [
            "",
            "<!-- jsarena:table -->",
            "<!-- /jsarena:table -->",
            "<!-- /jsarena:table --><!-- jsarena:table -->",
            "<!-- jsarena:table --><!-- /jsarena:table --><!-- /jsarena:table -->",
        ] {
            assert!(matches!(spliced(readme), Err(ReportError::Marker(_))), "{readme}");
        }
    }

    #[test]
    fn the_table_ranks_every_setting() {
        let record = fixture::record();
        let table = summary_table(&Report::new(&record).unwrap());
        assert!(table.contains("**thread/keep**") && table.contains("**task/fresh**"), "{table}");
        assert!(table.contains("alpha") && table.contains("not built"), "{table}");
    }

    #[test]
    fn steps_of_an_ablation_are_not_ranked() {
        let (ladder, plain) = (fixture::ablation(), fixture::record());
        assert_eq!(summary_table(&Report::new(&ladder).unwrap()), "");
        let both = [plain.measurements.clone(), ladder.measurements].concat();
        let together = crate::record::RunRecord { measurements: both, ..plain.clone() };
        let table = |record| summary_table(&Report::new(record).unwrap());
        assert_eq!(table(&together), table(&plain), "they take no part in it");
    }

    #[test]
    fn a_scorecard_is_a_table_too() {
        let record = fixture::hostile();
        let table = summary_table(&Report::new(&record).unwrap());
        assert!(table.starts_with("**Containment**\n\n| Engine | Isolation |"), "{table}");
        let lines = table.lines().filter(|line| line.starts_with('|')).count();
        assert_eq!(lines, 2 + 9, "three engines under three isolations: {table}");
    }
}

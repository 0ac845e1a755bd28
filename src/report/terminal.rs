//! The digest a command prints when it is done: verdict, ranking, one table a setting, warnings.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, TableComponent, presets};

use crate::record::ContainmentVerdict;

use super::document::{
    self, Entry, Mark, Table, brief_key, brief_lines, brief_summary, briefly, differences, lines, matrix,
    ranking, verdict_rates_table,
};
use super::view::{Report, Scorecard};

/// Columns of the terminal it must fit.
const WIDTH: u16 = 100;

/// Cells up to which a digest shows each at length; more than that can only be compared.
const AT_LENGTH: usize = 3;

/// The digest, without colours: it may go to a file.
pub(super) fn render(report: &Report<'_>) -> String {
    let rows: usize = report.settings.iter().map(|setting| setting.rows.len()).sum();
    let cells = rows * report.engines.len();
    let mut text = String::new();
    let is_compared = !report.ablations.is_empty() || report.scorecard.is_some();
    if cells == 0 || report.engines.len() > 1 || cells > AT_LENGTH || is_compared {
        compared(report, &mut text);
    }
    if (1..=AT_LENGTH).contains(&cells) {
        at_length(report, &mut text);
    }
    for section in document::costs(report) {
        for mut figures in section.tables {
            // A reason has no room in a column of figures.
            let is_reason = |row: &Vec<Entry>| row.iter().any(|entry| entry.covers > 0);
            let reasons: Vec<Vec<Entry>> = figures.rows.extract_if(.., |row| is_reason(row)).collect();
            text.push_str(&format!("\n{}, {}\n{}", section.title, figures.title, table(&figures)));
            let reasons = reasons
                .iter()
                .map(|row| row.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>().join(", "));
            for note in figures.notes.iter().cloned().chain(reasons) {
                text.push_str(&wrapped(&format!("! {note}"), "  "));
            }
        }
    }
    if let Some(tools) = document::other_tools_briefly(report) {
        text.push_str(&format!("\n{}\n{}", tools.title, table(&tools)));
        tools.notes.iter().for_each(|note| text.push_str(&wrapped(note, "  ")));
    }
    for soak in document::soaks(report) {
        text.push_str(&format!("\nSoak: {}\n{}", soak.title, wrapped(&soak.lead, "")));
        text.push_str(&table(&soak));
        for finding in &soak.notes {
            text.push_str(&wrapped(&format!("! {finding}"), "  "));
        }
    }
    if !report.warnings().is_empty() {
        text.push_str("\nWarnings\n");
    }
    for warning in report.warnings() {
        text.push_str(&wrapped(&format!("- {} {}", warning.text, warning.advice), "  "));
    }
    text
}

/// Who was better, by how much, and where.
fn compared(report: &Report<'_>, text: &mut String) {
    for paragraph in report.verdict() {
        text.push_str(&wrapped(paragraph, ""));
    }
    if let Some(scorecard) = &report.scorecard {
        contained(report, scorecard, text);
    }
    if let Some(calibrated) = &report.calibrated {
        for figures in document::calibration_tables(calibrated) {
            text.push_str(&format!("\n{}\n{}", figures.title, table(&figures)));
        }
    }
    if let Some(rates) = &report.verdict_rates {
        let counts = verdict_rates_table(rates);
        text.push_str(&format!("\n{}\n{}", counts.title, table(&counts)));
    }
    for rates in document::capacity_tables(report) {
        text.push_str(&format!("\nCapacity: {}\n{}", rates.title, table(&rates)));
    }
    for ablation in &report.ablations {
        let ladder = briefly(report, ablation);
        text.push_str(&format!("\nAblation, {}\n{}", ladder.title, table(&ladder)));
        for line in lines(ablation) {
            text.push_str(&wrapped(&format!("! {line}"), "  "));
        }
    }
    for setting in report.ranked() {
        let ranking_table = ranking(report, setting);
        text.push_str(&format!("\nRanking, {}\n", ranking_table.title));
        text.push_str(&table(&ranking_table));
        for note in &ranking_table.notes {
            text.push_str(&wrapped(note, "  "));
        }
    }
    for setting in report.ranked() {
        let matrix = matrix(report, setting, setting.ranking.by.metric());
        text.push_str(&format!("\n{}\n{}", matrix.title, table(&matrix)));
    }
    for setting in report.ranked() {
        if let Some(differences) = differences(report, setting) {
            text.push_str(&format!("\nDifferences, {}\n{}", differences.title, table(&differences)));
        }
    }
    if !report.comparisons().is_empty() {
        text.push_str(&wrapped(&format!("{}.", report.comparisons().told()), ""));
    }
    if !report.settings.is_empty() {
        text.push_str("* best   ≈ cannot be told from it   ! errors, wrong answers or failed rounds\n");
    }
}

/// The scorecard: what was contained, and who killed the host.
fn contained(report: &Report<'_>, scorecard: &Scorecard, text: &mut String) {
    let summary = brief_summary(report, scorecard);
    text.push_str(&format!("\n{}\n", summary.title));
    if !summary.rows.is_empty() {
        text.push_str(&table(&summary));
        text.push_str(&wrapped(&brief_key(), "  "));
    }
    for line in brief_lines(report, scorecard) {
        text.push_str(&wrapped(&line, "  "));
    }
}

/// Every figure of a few cells, and what went wrong in them.
fn at_length(report: &Report<'_>, text: &mut String) {
    for (workload, tables) in document::at_length(report) {
        for figures in tables {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{workload}: {}\n", figures.title.to_lowercase()));
            text.push_str(&table(&figures.transposed()));
        }
    }
    if let Some(failures) = document::failures(report) {
        text.push_str(&format!("\n{}\n{}", failures.title, table(&failures)));
    }
}

/// A table for a terminal, without its title.
pub(super) fn table(table: &Table) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_width(WIDTH).force_no_tty();
    drawn.set_content_arrangement(ContentArrangement::Dynamic).remove_style(TableComponent::HorizontalLines);
    drawn.remove_style(TableComponent::MiddleIntersections);
    drawn.set_header(table.columns.iter().map(|head| comfy_table::Cell::new(&head.text)));
    for row in &table.rows {
        drawn.add_row(row.iter().map(cell));
    }
    // Names are looked up by whole words: figures may wrap, names may not.
    if let Some(names) = drawn.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    for (column, head) in drawn.column_iter_mut().zip(&table.columns) {
        column.set_cell_alignment(if head.numeric { CellAlignment::Right } else { CellAlignment::Left });
    }
    let lines: Vec<String> = drawn.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

fn cell(entry: &Entry) -> comfy_table::Cell {
    let sign = match entry.mark {
        Mark::Best => "*",
        Mark::Same => "≈",
        Mark::Bad => "!",
        Mark::Plain if entry.verdict.is_some_and(|verdict| verdict != ContainmentVerdict::Contained) => "!",
        Mark::Plain | Mark::Missing => "",
    };
    let note = match entry.mark {
        // Always the same: once itself.
        Mark::Best => "",
        _ => entry.note.split(';').next().unwrap_or_default(),
    };
    let gap = if note.is_empty() { "" } else { " " };
    comfy_table::Cell::new(format!("{sign}{}{gap}{note}", entry.text))
}

/// A paragraph in lines that fit, with all but its first line set in.
pub(super) fn wrapped(text: &str, indent: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    for word in text.split_whitespace() {
        if !line.trim().is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH.into() {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line = indent.to_owned();
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    format!("{lines}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_fixed_record_on_a_terminal() {
        let record = fixture::record();
        let digest = render(&Report::new(&record).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
        assert!(!digest.contains('\u{1b}'), "a guest's message must not steer the terminal");
    }

    #[test]
    fn the_fixed_scorecard_on_a_terminal() {
        let record = fixture::hostile();
        let digest = render(&Report::new(&record).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn the_fixed_calibration_on_a_terminal() {
        let digest = render(&Report::new(&fixture::calibration()).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn the_fixed_costs_on_a_terminal() {
        let digest = render(&Report::new(&fixture::cost()).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn the_fixed_verdict_rates_on_a_terminal() {
        let digest = render(&Report::new(&fixture::verdict_rates()).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn the_fixed_comparisons_on_a_terminal() {
        let digest = render(&Report::new(&fixture::compared()).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn the_fixed_capacities_on_a_terminal() {
        let digest = render(&Report::new(&fixture::capacity()).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn the_fixed_ablation_on_a_terminal() {
        let record = fixture::ablation();
        let digest = render(&Report::new(&record).unwrap());
        insta::assert_snapshot!(digest);
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
        assert!(!digest.contains("Ranking"), "steps are not ranked");
    }

    #[test]
    fn the_fixed_results_of_other_tools_on_a_terminal() {
        let digest = render(&Report::new(&fixture::other_tools()).unwrap());
        let (_, tools) = digest.split_once("\nOther load tools\n").unwrap();
        insta::assert_snapshot!(tools.split("\nWarnings").next().unwrap());
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }

    #[test]
    fn a_single_cell_does_not_hide_the_scorecard() {
        let mut record = fixture::measured_and_hostile();
        record.engines.retain(|engine| engine.id == "alpha");
        record.containment.retain(|row| row.engine == "alpha");
        record.measurements.truncate(1);
        let digest = render(&Report::new(&record).unwrap());
        assert!(digest.contains("\nContainment\n") && digest.contains("service"), "{digest}");
    }

    #[test]
    fn a_single_cell_is_shown_at_length() {
        let mut record = fixture::record();
        let cell = record.measurements.iter().find(|row| row.summary.is_some()).cloned().unwrap();
        record.engines.retain(|engine| engine.id == cell.engine);
        record.workloads.retain(|workload| workload.name == cell.workload);
        record.measurements = vec![cell];
        let digest = render(&Report::new(&record).unwrap());
        for figure in ["Throughput", "p50", "p95", "p99.9", "service", "Panics", "Restarts", "RSS peak"] {
            assert!(digest.contains(figure), "{figure}: {digest}");
        }
        assert!(!digest.contains("Ranking"), "there is nobody to rank it with: {digest}");
        for line in digest.lines() {
            assert!(line.chars().count() <= WIDTH.into(), "{line}");
        }
    }
}

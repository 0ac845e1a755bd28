//! The digest a command prints when it is done: verdict, ranking, one table a setting, warnings.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, TableComponent, presets};

use super::document::{Entry, Mark, Metric, Table, matrix, ranking};
use super::view::Report;

/// Columns of the terminal it must fit.
const WIDTH: u16 = 100;

/// The digest, without colours: it may go to a file.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for paragraph in report.verdict() {
        text.push_str(&wrapped(paragraph, ""));
    }
    for setting in &report.settings {
        let ranking_table = ranking(report, setting);
        text.push_str(&format!("\nRanking, {}\n", ranking_table.title));
        text.push_str(&table(&ranking_table));
        for note in &ranking_table.notes {
            text.push_str(&wrapped(note, "  "));
        }
    }
    for setting in &report.settings {
        let matrix = matrix(report, setting, Metric::of(setting.ranking.by));
        text.push_str(&format!("\n{}\n{}", matrix.title, table(&matrix)));
    }
    if !report.settings.is_empty() {
        text.push_str("* best   ≈ no difference from it   ! errors, wrong answers or failed rounds\n");
    }
    if !report.warnings().is_empty() {
        text.push_str("\nWarnings\n");
    }
    for warning in report.warnings() {
        text.push_str(&wrapped(&format!("- {} {}", warning.text, warning.advice), "  "));
    }
    text
}

fn table(table: &Table) -> String {
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
fn wrapped(text: &str, indent: &str) -> String {
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
}

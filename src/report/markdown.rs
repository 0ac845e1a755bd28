//! The report as Markdown, for a repository's own pages.

use minijinja::{Environment, context};

use crate::record::ContainmentVerdict;

use super::document::{Document, Entry, Mark, Plots, Table};
use super::view::Report;
use super::{ReportError, html};

/// The page. Whatever a guest wrote stands in it as plain text.
pub(super) fn render(report: &Report<'_>) -> Result<String, ReportError> {
    let document = Document::new(report, Plots::LeftOut)?;
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("md", |text: &str| escape(text));
    environment
        .add_template("report.md", include_str!("templates/report.md.j2"))
        .map_err(html::layout("Markdown page"))?;
    let tables = Tables::of(&document);
    let template = environment.get_template("report.md").map_err(html::layout("Markdown page"))?;
    template.render(context! { document, tables }).map_err(html::layout("Markdown page"))
}

/// The document's tables, written.
#[derive(serde::Serialize)]
struct Tables {
    containment: Option<ContainmentTables>,
    ablation: Vec<String>,
    sections: Vec<Vec<String>>,
    rankings: Vec<String>,
    matrices: Vec<String>,
    gains: Vec<String>,
    comparisons: Vec<String>,
    workloads: Vec<Vec<String>>,
    soaks: Vec<String>,
    failures: Option<String>,
    memory: Vec<String>,
    facts: Vec<String>,
}

/// The scorecard's tables, written.
#[derive(serde::Serialize)]
struct ContainmentTables {
    summary: String,
    classes: String,
    faults: Vec<String>,
    not_run: Option<String>,
}

impl Tables {
    fn of(document: &Document<'_>) -> Self {
        let all = |tables: &[Table]| tables.iter().map(table).collect();
        Self {
            containment: document.containment.as_ref().map(|section| ContainmentTables {
                summary: table(&section.summary),
                classes: table(&section.classes),
                faults: all(&section.faults),
                not_run: section.not_run.as_ref().map(table),
            }),
            ablation: document.ablation.as_ref().map_or(Vec::new(), |section| all(&section.tables)),
            sections: document.sections.iter().map(|section| all(&section.tables)).collect(),
            rankings: all(&document.rankings),
            matrices: all(&document.matrices),
            gains: all(&document.gains),
            comparisons: document.comparisons.as_ref().map_or(Vec::new(), |section| all(&section.tables)),
            workloads: document
                .workloads
                .iter()
                .map(|workload| {
                    let tables = [&workload.latency, &workload.load].into_iter().chain(&workload.more);
                    tables.map(|t| format!("**{}**\n\n{}", escape(&t.title), table(t))).collect()
                })
                .collect(),
            soaks: document.soaks.iter().map(|soak| table(&soak.table)).collect(),
            failures: document.failures.as_ref().map(table),
            memory: all(&document.memory),
            facts: all(&document.facts),
        }
    }
}

/// A table without its title, with its lead before and its notes after it.
pub(super) fn table(table: &Table) -> String {
    let mut text = String::new();
    if !table.lead.is_empty() {
        text.push_str(&format!("{}\n\n", escape(&table.lead)));
    }
    text.push_str(&line(table.columns.iter().map(entry)));
    text.push_str(&line(
        table.columns.iter().map(|head| if head.numeric { "---:" } else { "---" }.to_owned()),
    ));
    for row in &table.rows {
        let covered = |entry: &Entry| std::iter::repeat_n(String::new(), entry.covers);
        text.push_str(&line(row.iter().flat_map(|e| std::iter::once(entry(e)).chain(covered(e)))));
    }
    if !table.notes.is_empty() {
        text.push('\n');
    }
    for note in &table.notes {
        text.push_str(&format!("- {}\n", escape(note)));
    }
    text
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn entry(entry: &Entry) -> String {
    let text = escape(&entry.text);
    let text = match entry.mark {
        Mark::Best => format!("**{text}**"),
        Mark::Same => format!("≈ {text}"),
        Mark::Bad => format!("⚠ {text}"),
        Mark::Missing if text.is_empty() => String::new(),
        Mark::Missing => format!("_{text}_"),
        Mark::Plain if entry.verdict.is_some_and(|verdict| verdict != ContainmentVerdict::Contained) => {
            format!("⚠ {text}")
        }
        Mark::Plain => text,
    };
    if entry.note.is_empty() { text } else { format!("{text} ({})", escape(&entry.note)) }
}

/// Text that Markdown shows as it is, in a table cell too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Kept from becoming a mention or a link where the page is shown.
            '@' => escaped.push_str("&#64;"),
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped.replace("://", ":&#47;&#47;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_fixed_record_as_markdown() {
        let record = fixture::record();
        insta::assert_snapshot!(render(&Report::new(&record).unwrap()).unwrap());
    }

    #[test]
    fn the_fixed_scorecard_as_markdown() {
        let record = fixture::hostile();
        insta::assert_snapshot!(render(&Report::new(&record).unwrap()).unwrap());
    }

    #[test]
    fn the_fixed_calibration_as_markdown() {
        let record = fixture::calibration();
        insta::assert_snapshot!(render(&Report::new(&record).unwrap()).unwrap());
    }

    #[test]
    fn the_fixed_costs_as_markdown() {
        let record = fixture::cost();
        let page = render(&Report::new(&record).unwrap()).unwrap();
        let (_, costs) = page.split_once("## Cold start").unwrap();
        insta::assert_snapshot!(costs.split("\n## How").next().unwrap());
    }

    #[test]
    fn the_fixed_comparisons_as_markdown() {
        let record = fixture::compared();
        let page = render(&Report::new(&record).unwrap()).unwrap();
        let at = |heading: &str| page.find(heading).unwrap_or_else(|| panic!("{heading}: {page}"));
        insta::assert_snapshot!(&page[at("## Differences")..at("## Workload by workload")]);
        assert!(page.contains("**Differences**"), "each workload has its own");
    }

    #[test]
    fn the_fixed_capacities_as_markdown() {
        let record = fixture::capacity();
        let page = render(&Report::new(&record).unwrap()).unwrap();
        // All up to what every record has.
        insta::assert_snapshot!(page.split("\n## Method").next().unwrap());
    }

    #[test]
    fn the_fixed_results_of_other_tools_as_markdown() {
        let page = render(&Report::new(&fixture::other_tools()).unwrap()).unwrap();
        let (_, tools) = page.split_once("## Other load tools").unwrap();
        insta::assert_snapshot!(tools.split("\nIn all tables").next().unwrap());
    }

    #[test]
    fn the_fixed_ablation_as_markdown() {
        let record = fixture::ablation();
        let page = render(&Report::new(&record).unwrap()).unwrap();
        // All up to what every record has.
        insta::assert_snapshot!(page.split("\n## Workload by workload").next().unwrap());
        assert!(!page.contains("## Ranking") && !page.contains("## Workloads × engines"));
    }

    #[test]
    fn every_row_of_a_table_has_its_columns() {
        let record = fixture::measured_and_hostile();
        let pages = [record, fixture::ablation(), fixture::capacity(), fixture::other_tools()]
            .map(|record| render(&Report::new(&record).unwrap()).unwrap());
        let page = pages.concat();
        let mut columns = None;
        for line in page.lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
        }
    }

    #[test]
    fn markup_of_a_guest_is_text() {
        assert_eq!(escape("<b>|x|\n[a](http://b)"), "&lt;b&gt;\\|x\\| \\[a\\](http:&#47;&#47;b)");
        assert_eq!(escape("*_`~#@\\"), "\\*\\_\\`\\~\\#&#64;\\\\");
    }
}

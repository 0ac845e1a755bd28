//! The report as one HTML page that needs nothing else: style, plots and the sorting of tables are inside.

use minijinja::{AutoEscape, Environment, context};

use super::ReportError;
use super::document::{Document, Plots};
use super::plot::COLOURS;
use super::view::Report;

const PAGE: &str = "HTML page";

const TEMPLATES: [(&str, &str); 3] = [
    ("report.html", include_str!("templates/report.html.j2")),
    ("containment.html", include_str!("templates/containment.html.j2")),
    ("tables.html", include_str!("templates/tables.html.j2")),
];

/// The page. Everything but our own style, script and drawings is escaped.
pub(super) fn render(report: &Report<'_>) -> Result<String, ReportError> {
    let document = Document::new(report, Plots::Drawn)?;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(layout(PAGE))?;
    }
    let template = environment.get_template("report.html").map_err(layout(PAGE))?;
    let style = concat!(include_str!("templates/style.css"), include_str!("templates/containment.css"));
    let script = include_str!("templates/sort.js");
    let colours: Vec<String> = COLOURS.iter().map(|(r, g, b)| format!("#{r:02X}{g:02X}{b:02X}")).collect();
    template.render(context! { document, style, script, colours }).map_err(layout(PAGE))
}

/// Wraps what the template engine says.
pub(super) fn layout(page: &'static str) -> impl Fn(minijinja::Error) -> ReportError {
    move |error| ReportError::Layout { page, reason: format!("{error:#}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ContainmentVerdict;
    use crate::report::fixture;

    fn page() -> String {
        let record = fixture::measured_and_hostile();
        render(&Report::new(&record).unwrap()).unwrap()
    }

    #[test]
    fn markup_of_a_guest_is_inert() {
        let page = page();
        assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"), "the message is shown");
        assert!(!page.contains("<script>alert"));
        assert!(!page.contains("<img"));
        assert!(!page.contains("onerror=alert(2)>"));
    }

    #[test]
    fn nothing_is_fetched() {
        let page = page();
        // Of all addresses only the name of SVG's namespace, which nobody fetches.
        let without_namespace = page.replace("http://www.w3.org/2000/svg", "");
        for request in ["http:", "https:", "src=\"", "@import", "url(", "<link", "<iframe", "<img"] {
            assert!(!without_namespace.contains(request), "{request}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn sections_come_in_the_order_a_reader_needs() {
        let page = page();
        let ids = [
            "verdict",
            "warnings",
            "containment",
            "ranking",
            "matrix",
            "gain",
            "workloads",
            "failures",
            "memory",
            "method",
            "facts",
        ];
        let places: Vec<_> = ids.iter().map(|id| page.find(&format!("id=\"{id}\"")).expect(id)).collect();
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn what_was_opened_is_closed() {
        let page = page();
        for tag in [
            "html", "head", "body", "main", "section", "div", "table", "tr", "td", "th", "svg", "details",
            "figure",
        ] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert!(opened > 0, "{tag}");
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn failures_and_missing_engines_are_shown_with_their_reasons() {
        let page = page();
        for text in ["signal 11 (SIGSEGV)", "not built: the feature `delta` is off", "wrong answer"] {
            assert!(page.contains(text), "{text}");
        }
    }

    #[test]
    fn a_cell_of_the_map_tells_its_row_in_letter_colour_and_words() {
        let page = page();
        for cell in [
            "v-host_killed\" title=\"host killed: signal 11 (SIGSEGV)\"><span aria-hidden=\"true\">K</span>",
            "v-host_killed\" title=\"host killed: nobody saw how\"><span aria-hidden=\"true\">K</span>",
            "title=\"neighbours hurt: 3 of 400 innocent jobs lost; left over: Array.prototype.map is another; \
             ok: 1; overran by 1.50 ms; recovered in 4.25 ms\">",
            "title=\"degraded: ok; exception: &lt;script&gt;",
            "missing\" title=\"not run: the child process could not be started\"><span aria-hidden=\"true\">–</span>",
            "missing\" title=\"the record has no such row\">",
        ] {
            assert!(page.contains(cell), "{cell}");
        }
    }

    #[test]
    fn every_verdict_has_its_colours_light_and_dark() {
        let style = include_str!("templates/containment.css");
        for (verdict, letter) in ContainmentVerdict::ALL.iter().zip(["c", "d", "n", "k"]) {
            assert_eq!(style.matches(&format!("\n.v-{} {{", verdict.as_str())).count(), 1, "{verdict:?}");
            assert_eq!(style.matches(&format!("--{letter}-ground: #")).count(), 2, "{verdict:?}");
            assert_eq!(style.matches(&format!("--{letter}-ink: #")).count(), 2, "{verdict:?}");
        }
    }

    #[test]
    fn an_ablation_stands_before_the_tables_of_its_rows() {
        let record = fixture::ablation();
        let page = render(&Report::new(&record).unwrap()).unwrap();
        let places =
            ["id=\"verdict\"", "id=\"ablation\"", "id=\"workloads\""].map(|id| page.find(id).expect(id));
        assert!(places.is_sorted(), "{places:?}");
        assert!(page.contains("href=\"#ablation\"") && !page.contains("id=\"ranking\""));
        assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
    }

    #[test]
    fn a_scorecard_that_nothing_ran_in_is_still_a_page() {
        let mut record = fixture::hostile();
        record.containment.retain(|row| row.error.is_some());
        let page = render(&Report::new(&record).unwrap()).unwrap();
        assert!(page.contains("None of 7 hostile scripts could be run."));
        assert!(page.contains("not built: the feature `delta` is off"));
        assert!(!page.contains("class=\"bars\"") && !page.contains("<details class=\"class\">"));
    }

    #[test]
    fn every_colour_of_a_plot_has_one_for_dark_pages() {
        let style = include_str!("templates/style.css");
        for place in 0..COLOURS.len() {
            assert_eq!(style.matches(&format!("--e{place}:")).count(), 2, "light and dark colour of {place}");
        }
    }
}

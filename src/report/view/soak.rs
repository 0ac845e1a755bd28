//! Soaks: what a long run did to its process, and what speaks against it, in plain sentences.

use crate::executor::Reuse;
use crate::report::Quantity;
use crate::stats::{Resource, Soak, SoakVerdict, Trend};

use super::text::plural;
use super::{Figures, Report};

/// One soaked cell, in one round.
#[derive(Debug)]
pub(in crate::report) struct Soaked<'a> {
    /// Where it was.
    pub place: String,
    pub soak: &'a Soak,
    pub figures: &'a Figures,
    pub reuse: Reuse,
}

impl Report<'_> {
    /// Every soak, in the order of the tables.
    pub(in crate::report) fn soaks(&self) -> Vec<Soaked<'_>> {
        let mut soaks = Vec::new();
        for (setting, row, engine, cell) in self.cells() {
            let Some(figures) = cell.figures() else { continue };
            for (round, soak) in &figures.soaks {
                let place = Self::place(setting, row, engine);
                let place = match figures.soaks.len() {
                    1 => place,
                    _ => format!("{place}, round {}", round + 1),
                };
                soaks.push(Soaked { place, soak, figures, reuse: setting.reuse });
            }
        }
        soaks
    }

    /// What speaks against the soaks of the record, a line each; none if nothing does, or if there are none.
    pub fn soak_findings(&self) -> Vec<String> {
        let of = |soaked: &Soaked<'_>| {
            let place = soaked.place.clone();
            soaked
                .findings()
                .into_iter()
                .map(move |finding| format!("{place}: {finding}"))
                .collect::<Vec<_>>()
        };
        self.soaks().iter().flat_map(of).collect()
    }
}

impl Soaked<'_> {
    /// What speaks against it, a sentence each.
    pub fn findings(&self) -> Vec<String> {
        let Soak { verdict, lost_jobs, failed_jobs, trends, workers: [most, left], .. } = self.soak;
        let mut findings: Vec<String> = trends.iter().filter(|trend| trend.grows).map(growth).collect();
        if left < most {
            findings.push(format!(
                "{left} of {} left at the end: the others were lost to jobs that no deadline stops, or died faster \
                 than they may be replaced",
                plural(*most, "worker")
            ));
        }
        if *lost_jobs > 0 {
            findings.push(format!("{} submitted and without an outcome", plural(*lost_jobs, "job")));
        }
        if *failed_jobs > 0 {
            let turned_away = ["× rejected", "× circuit open"];
            let is_failure = |message: &&String| !turned_away.iter().any(|what| message.contains(what));
            let why = self.figures.messages.iter().find(is_failure);
            let why = why.map_or(String::new(), |message| format!(" ({message})"));
            // The commonest reason, and the one that the pool can do something about.
            let advice = match (self.reuse, self.figures.hostile) {
                (Reuse::Keep, Some(_)) => {
                    "; hostile jobs may have changed the globals they share: try --reuse reset"
                }
                _ => "",
            };
            findings.push(format!("{} failed{why}{advice}", plural(*failed_jobs, "good job")));
        }
        if *verdict == SoakVerdict::TooShort {
            findings.push("too few samples to judge growth by; run it for longer".to_owned());
        }
        findings
    }
}

fn growth(trend: &Trend) -> String {
    let Trend { resource, per_hour, interval: [low, high], growth, .. } = *trend;
    let of = |value| amount(resource, value);
    let verb =
        if matches!(resource, Resource::RssBytes | Resource::ChildrenBytes) { "grows" } else { "grow" };
    format!(
        "{} {verb} by {} an hour (95 % interval {} to {}), {} in the time judged",
        name(resource),
        of(per_hour),
        of(low),
        of(high),
        of(growth)
    )
}

/// A resource as pages name it.
pub(in crate::report) fn name(resource: Resource) -> &'static str {
    match resource {
        Resource::RssBytes => "resident memory",
        Resource::Threads => "threads",
        Resource::Descriptors => "file descriptors",
        Resource::Children => "children",
        Resource::ChildrenBytes => "children's memory",
    }
}

/// A change of a resource, with its sign.
pub(in crate::report) fn change(resource: Resource, value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if resource.is_memory() {
        Quantity::Growth(value as i64).to_string()
    } else {
        let sign = if value < 0.0 { "−" } else { "+" };
        format!("{sign}{}", Quantity::Mean(value.abs()))
    }
}

/// How much of a resource.
pub(in crate::report) fn amount(resource: Resource, value: f64) -> String {
    if resource.is_memory() { Quantity::Bytes(value as u64) } else { Quantity::Mean(value) }.to_string()
}

#[cfg(test)]
mod tests {
    use crate::record::RunRecord;
    use crate::report::{Format, Report, fixture};
    use crate::stats::{HostilePart, Soak, SoakPoint};

    /// A record of one cell that leaks memory and threads, loses a worker and a job, and fails another.
    fn record() -> RunRecord {
        let series: Vec<SoakPoint> = (0_u32..100)
            .map(|second| SoakPoint {
                at_s: f64::from(second),
                rss_bytes: (100 << 20) + u64::from(second) * (1 << 20),
                threads: Some(10 + u64::from(second / 10)),
                workers: if second < 50 { 2 } else { 1 },
                ..SoakPoint::default()
            })
            .collect();
        let mut record = fixture::record();
        record.measurements.truncate(1);
        let summary = record.measurements[0].summary.as_mut().unwrap();
        summary.soak = Some(Soak::judge(&series, 1.0, 1, 1));
        summary.failures = vec!["9 × circuit open".to_owned(), "1 × wrong answer: 3".to_owned()];
        summary.hostile = Some(HostilePart { scripts: 3, submitted: 7, ..HostilePart::default() });
        record
    }

    #[test]
    fn each_finding_is_one_line_with_its_place() {
        let record = record();
        let findings = Report::new(&record).unwrap().soak_findings();
        let place = "alpha on demo/one under thread/keep: ";
        let expected = [
            "resident memory grows by 3.52 GiB an hour (95 % interval 3.52 GiB to 3.52 GiB), 89.0 MiB in the time",
            "threads grow by",
            "1 of 2 workers left at the end",
            "1 job submitted and without an outcome",
            "1 good job failed (1 × wrong answer: 3); hostile jobs may have changed the globals",
        ];
        assert_eq!(findings.len(), expected.len(), "{findings:#?}");
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.starts_with(&format!("{place}{expected}")), "{finding}");
        }
        let mut calm = record;
        calm.measurements[0].summary.as_mut().unwrap().soak = None;
        assert!(Report::new(&calm).unwrap().soak_findings().is_empty());
    }

    #[test]
    fn every_page_shows_it() {
        let record = record();
        let report = Report::new(&record).unwrap();
        let page = |format| String::from_utf8(report.export(format).unwrap().remove(0).bytes).unwrap();
        for (format, shown) in [
            (
                Format::Terminal,
                &["Soak: alpha on demo/one under thread/keep", "!grows", "! 1 of 2 workers"][..],
            ),
            (Format::Markdown, &["## Soak", "⚠ grows", "Hostile jobs", "(Theil–Sen)"]),
            (Format::Html, &["id=\"soak\"", "Threads, alpha on", "<polyline"]),
        ] {
            let page = page(format);
            shown.iter().for_each(|text| assert!(page.contains(text), "{format}: {text}"));
        }
        let html = page(Format::Html);
        for tag in ["section", "div", "figure", "svg", "table"] {
            let opened =
                html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        for line in page(Format::Terminal).lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

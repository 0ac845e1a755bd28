//! Tables before any format: entries that know what they mean, not how they look.

use serde::Serialize;

use crate::record::ContainmentVerdict;
use crate::report::Quantity;
use crate::report::view::{Cell, Engine, Figures};
use crate::stats::compare::Metric;

/// A titled table. The first column names the row.
#[derive(Debug, Default, Serialize)]
pub(in crate::report) struct Table {
    pub title: String,
    /// What one must know to read it.
    pub lead: String,
    /// Whether its columns compare with one another, and so should look alike.
    pub even: bool,
    pub columns: Vec<Entry>,
    pub rows: Vec<Vec<Entry>>,
    /// Sentences below it.
    pub notes: Vec<String>,
}

/// One cell of a table, or the head of a column.
#[derive(Debug, Clone, Default, Serialize)]
pub(in crate::report) struct Entry {
    pub text: String,
    /// A second, smaller text.
    pub note: String,
    pub mark: Mark,
    /// Written flush right.
    pub numeric: bool,
    /// What to sort by, if not the text.
    pub sort: Option<f64>,
    /// 0 to 10: how near to the best of its row.
    pub heat: Option<u8>,
    /// The engine it names, by place: pages give each place its colour and sign.
    pub engine: Option<usize>,
    /// What hostile scripts came to that it counts: pages give each verdict its colour.
    pub verdict: Option<ContainmentVerdict>,
    /// Further columns it covers; the row then has so many entries less.
    pub covers: usize,
}

/// What a figure is, beside its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::report) enum Mark {
    #[default]
    Plain,
    /// The best of its row.
    Best,
    /// Not to be told from the best: no difference that counts, or none that is sure.
    Same,
    /// Not to be trusted: errors or wrong answers.
    Bad,
    /// There is no figure.
    Missing,
}

impl Table {
    /// An empty table with these heads.
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        let heads = columns
            .iter()
            .enumerate()
            .map(|(place, head)| Entry { numeric: place > 0, ..Entry::text(*head) });
        Self { title: title.into(), columns: heads.collect(), ..Self::default() }
    }

    /// The same with rows for columns: for a few rows of many figures.
    pub fn transposed(&self) -> Self {
        let mut lines = self.columns.iter().enumerate().map(|(place, head)| {
            let entries = self.rows.iter().map(|row| row.get(place).cloned().unwrap_or_default());
            let head = Entry { numeric: false, ..head.clone() };
            std::iter::once(head).chain(entries.map(|entry| Entry { numeric: true, ..entry })).collect()
        });
        let columns = lines.next().unwrap_or_default();
        Self { title: self.title.clone(), columns, rows: lines.collect(), ..Self::default() }
    }

    /// A row that names an engine and says in words why there are no figures.
    pub fn push_without_figures(&mut self, mut head: Vec<Entry>, reason: &str) {
        let covers = self.columns.len().saturating_sub(head.len() + 1);
        head.push(Entry { covers, mark: Mark::Missing, ..Entry::text(reason) });
        self.rows.push(head);
    }
}

impl Entry {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn engine(place: usize, engine: &Engine) -> Self {
        Self { engine: Some(place), ..Self::text(&*engine.name) }
    }

    /// A figure; without one a dash.
    pub fn figure(value: Option<f64>, quantity: impl Fn(f64) -> Quantity) -> Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                Self { numeric: true, sort: Some(value), ..Self::text(quantity(value).to_string()) }
            }
            None => Self { numeric: true, ..Self::text("–") },
        }
    }

    pub fn count(count: u64) -> Self {
        Self { numeric: true, sort: Some(count as f64), ..Self::text(Quantity::Count(count).to_string()) }
    }

    /// A count that should be nought.
    pub fn faults(count: u64) -> Self {
        Self { mark: if count > 0 { Mark::Bad } else { Mark::Plain }, ..Self::count(count) }
    }

    pub fn bytes(bytes: u64) -> Self {
        Self { numeric: true, sort: Some(bytes as f64), ..Self::text(Quantity::Bytes(bytes).to_string()) }
    }

    pub fn nothing() -> Self {
        Self { mark: Mark::Missing, numeric: true, ..Self::default() }
    }

    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    pub fn judged(self, verdict: Option<ContainmentVerdict>) -> Self {
        Self { verdict, ..self }
    }

    pub fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }
}

/// How a metric is shown.
pub(in crate::report) trait Shown: Copy {
    /// As the title of a table.
    fn title(self) -> &'static str;

    /// One value, with its unit.
    fn quantity(self, value: f64) -> Quantity;

    /// That of a cell; nothing where the samples do not carry it.
    fn of_figures(self, figures: &Figures) -> Option<f64>;

    /// The best completed figure of a row: failures and wrong answers cannot win.
    fn best(self, cells: &[Cell]) -> Option<f64>;

    /// How far a figure is from the best, as a part of the best.
    fn difference(self, value: f64, best: f64) -> f64;

    /// 10 at the best, 5 at a tenth of it (or ten times as long), 0 at a hundredth.
    fn heat(self, value: f64, best: f64) -> u8;
}

impl Shown for Metric {
    fn title(self) -> &'static str {
        match self {
            Self::Throughput => "Throughput",
            Self::P50 => "Response time, p50",
            Self::P95 => "Response time, p95",
            Self::P99 => "Response time, p99",
        }
    }

    fn quantity(self, value: f64) -> Quantity {
        match self {
            Self::Throughput => Quantity::Rate(value),
            Self::P50 | Self::P95 | Self::P99 => Quantity::Latency(value),
        }
    }

    fn of_figures(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::Throughput => Some(figures.throughput.value),
            Self::P50 => figures.response.p50(),
            Self::P95 => figures.response.p95(),
            Self::P99 => figures.response.p99(),
        }
    }

    fn best(self, cells: &[Cell]) -> Option<f64> {
        let better = if self.more_is_better() { f64::max } else { f64::min };
        let figures = cells.iter().filter_map(Cell::completed).filter_map(|figures| self.of_figures(figures));
        figures.filter(|value| *value > 0.0).reduce(better)
    }

    fn difference(self, value: f64, best: f64) -> f64 {
        if self.more_is_better() { 1.0 - value / best } else { value / best - 1.0 }
    }

    fn heat(self, value: f64, best: f64) -> u8 {
        let nearness = if self.more_is_better() { value / best } else { best / value };
        (10.0 + 5.0 * nearness.log10()).clamp(0.0, 10.0).round() as u8
    }
}

//! What only a browser shows of the scorecard: bars, and a heat map for each class.

use serde::Serialize;

use crate::record::ContainmentVerdict as Verdict;
use crate::report::Quantity;
use crate::report::view::{Class, Counts, Fate, Report, Scorecard, letter, word};

use super::containment::{class_name, letters};
use super::table::Entry;

/// The bars of one isolation.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Bars {
    pub isolation: String,
    pub bars: Vec<Bar>,
}

/// How the scripts fared on one engine.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Bar {
    pub engine: Entry,
    /// `129 of 131`.
    pub contained: String,
    /// Only verdicts that occur, best first.
    pub parts: Vec<Part>,
}

/// One verdict's share of a bar.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Part {
    pub verdict: Verdict,
    pub word: &'static str,
    pub letter: &'static str,
    pub count: u64,
}

/// Scripts of a class × columns.
#[derive(Debug, Serialize)]
pub(in crate::report) struct ClassMap {
    pub name: String,
    pub scripts: usize,
    /// `2 K, 1 D`; empty when all was contained.
    pub faults: String,
    pub worst: Option<Verdict>,
    /// Isolations with how many columns each has.
    pub groups: Vec<Heading>,
    /// The engines below them.
    pub engines: Vec<Entry>,
    pub rows: Vec<MapRow>,
}

/// An isolation over its engines.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Heading {
    pub name: String,
    pub columns: usize,
}

/// One script.
#[derive(Debug, Serialize)]
pub(in crate::report) struct MapRow {
    pub script: String,
    pub cells: Vec<MapCell>,
}

/// What became of it in one column.
#[derive(Debug, Serialize)]
pub(in crate::report) struct MapCell {
    pub verdict: Option<Verdict>,
    pub letter: &'static str,
    pub word: &'static str,
    /// The row in one line.
    pub told: String,
    /// Whether an isolation begins here.
    pub first: bool,
}

pub(super) fn bars(report: &Report<'_>, scorecard: &Scorecard) -> Vec<Bars> {
    let bar = |engine: usize, counts: Counts| Bar {
        engine: Entry::engine(engine, &report.engines[engine]),
        contained: format!("{} of {}", Quantity::Count(counts.contained()), Quantity::Count(counts.total())),
        parts: Verdict::ALL
            .into_iter()
            .map(|verdict| Part {
                verdict,
                word: word(verdict),
                letter: letter(verdict),
                count: counts.get(verdict),
            })
            .filter(|part| part.count > 0)
            .collect(),
    };
    let groups = scorecard.groups.iter().map(|group| Bars {
        isolation: group.name.clone(),
        bars: group.columns.iter().map(|column| bar(column.engine, column.tally.counts)).collect(),
    });
    groups.collect()
}

pub(super) fn class_map(report: &Report<'_>, scorecard: &Scorecard, class: &Class) -> ClassMap {
    let firsts: Vec<bool> =
        scorecard.groups.iter().flat_map(|group| (0..group.columns.len()).map(|place| place == 0)).collect();
    let total = class.total();
    ClassMap {
        name: class_name(class).to_owned(),
        scripts: class.scripts.len(),
        faults: letters(total),
        worst: total.worst(),
        groups: scorecard
            .groups
            .iter()
            .map(|group| Heading { name: group.name.clone(), columns: group.columns.len() })
            .collect(),
        engines: scorecard
            .columns()
            .map(|(_, column)| Entry::engine(column.engine, &report.engines[column.engine]))
            .collect(),
        rows: class
            .scripts
            .iter()
            .map(|script| MapRow {
                script: script.name.clone(),
                cells: script.fates.iter().zip(&firsts).map(|(fate, first)| cell(fate, *first)).collect(),
            })
            .collect(),
    }
}

fn cell(fate: &Fate, first: bool) -> MapCell {
    match fate {
        Fate::Judged { verdict, told, .. } => MapCell {
            verdict: Some(*verdict),
            letter: letter(*verdict),
            word: word(*verdict),
            told: told.clone(),
            first,
        },
        Fate::NotRun(reason) => {
            MapCell {
                verdict: None, letter: "–", word: "not run", told: format!("not run: {reason}"), first
            }
        }
        Fate::Absent => MapCell {
            verdict: None,
            letter: "",
            word: "no row",
            told: "the record has no such row".to_owned(),
            first,
        },
    }
}

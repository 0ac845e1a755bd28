//! The scorecard: what hostile scripts did to each engine under each isolation, counted and grouped.

mod fate;
mod headline;
mod tally;
#[cfg(test)]
mod tests;

pub(in crate::report) use fate::{Fate, letter, word};
pub(super) use headline::headline;
pub(in crate::report) use tally::{Counts, Recovery, Tally};

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::executor::{Isolation, Reuse};
use crate::record::{Containment, ContainmentVerdict as Verdict, RunRecord};
use crate::report::ReportError;

use super::{Engine, clean};

/// What came of a hostile corpus.
#[derive(Debug)]
pub(in crate::report) struct Scorecard {
    /// The strongest isolation first: it is the one to choose.
    pub groups: Vec<Group>,
    /// In alphabetical order, scripts without one last.
    pub classes: Vec<Class>,
    /// What could not be run.
    pub not_run: Vec<NotRun>,
    /// Different scripts, run or not.
    pub scripts: u64,
    /// Scripts without a declared outcome.
    pub undeclared: u64,
}

/// One isolation; with its reuse where there are several.
#[derive(Debug)]
pub(in crate::report) struct Group {
    pub name: String,
    /// Only engines of which a script was run.
    pub columns: Vec<Column>,
}

/// One engine under one isolation.
#[derive(Debug)]
pub(in crate::report) struct Column {
    pub engine: usize,
    pub tally: Tally,
    /// What was not contained, worst first.
    pub faults: Vec<Fault>,
}

/// Scripts that went wrong in the same way.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::report) struct Fault {
    pub verdict: Verdict,
    pub why: String,
    pub scripts: Vec<String>,
}

/// Scripts of one kind of harm.
#[derive(Debug)]
pub(in crate::report) struct Class {
    /// Empty for scripts without a class.
    pub name: String,
    pub scripts: Vec<Script>,
}

/// A script, with its fate in every column of every group.
#[derive(Debug)]
pub(in crate::report) struct Script {
    pub name: String,
    pub fates: Vec<Fate>,
}

/// Rows of an engine that could not be run, for one reason.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::report) struct NotRun {
    pub engine: usize,
    /// The isolations, by their groups' names.
    pub groups: Vec<String>,
    pub reason: String,
    pub rows: u64,
}

/// The scorecard of a record, if it has containment rows.
pub(super) fn scorecard(record: &RunRecord, engines: &[Engine]) -> Result<Option<Scorecard>, ReportError> {
    if record.containment.is_empty() {
        return Ok(None);
    }
    let rows = Rows::of(record, engines);
    let mut groups = Vec::new();
    for (setting, name) in rows.settings() {
        let columns: Result<Vec<Column>, ReportError> = (0..engines.len())
            .filter(|engine| rows.column(setting, *engine).any(|row| row.verdict.is_some()))
            .map(|engine| Column::of(engine, rows.column(setting, engine).collect()))
            .collect();
        groups.push((setting, Group { name, columns: columns? }));
    }
    let places: Vec<(Setting, usize)> = groups
        .iter()
        .flat_map(|(setting, group)| group.columns.iter().map(|column| (*setting, column.engine)))
        .collect();
    let mut undeclared: Vec<&str> = rows
        .rows
        .iter()
        .filter(|row| row.verdict.is_some() && row.expected.is_empty())
        .map(|row| row.script.as_str())
        .collect();
    undeclared.dedup();
    let classes = rows.classes(&places);
    Ok(Some(Scorecard {
        scripts: classes.iter().map(|class| class.scripts.len() as u64).sum(),
        undeclared: undeclared.len() as u64,
        not_run: rows.not_run(engines.len()),
        classes,
        groups: groups
            .into_iter()
            .map(|(_, group)| group)
            .filter(|group| !group.columns.is_empty())
            .collect(),
    }))
}

type Setting = (Isolation, Reuse);

/// The rows in an order that does not depend on the record's.
struct Rows<'a> {
    rows: Vec<&'a Containment>,
    ids: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    fn of(record: &'a RunRecord, engines: &'a [Engine]) -> Self {
        let mut rows: Vec<&Containment> = record.containment.iter().collect();
        rows.sort_by_key(|row| (&row.script, &row.engine, row.isolation, row.reuse));
        Self { rows, ids: engines.iter().map(|engine| engine.id.as_str()).collect() }
    }

    /// Isolation and reuse, strongest isolation first, with their names.
    fn settings(&self) -> Vec<(Setting, String)> {
        let mut settings: Vec<Setting> = self.rows.iter().map(|row| (row.isolation, row.reuse)).collect();
        settings.sort_by_key(|&(isolation, reuse)| (Reverse(isolation), reuse));
        settings.dedup();
        let name = |(isolation, reuse): Setting| {
            let alone = settings.iter().filter(|other| other.0 == isolation).count() == 1;
            if alone { isolation.to_string() } else { format!("{isolation}/{reuse}") }
        };
        settings.iter().map(|setting| (*setting, name(*setting))).collect()
    }

    fn column(&self, setting: Setting, engine: usize) -> impl Iterator<Item = &'a Containment> {
        let of_column =
            move |row: &&Containment, id: &str| row.engine == id && (row.isolation, row.reuse) == setting;
        self.rows.iter().copied().filter(move |row| of_column(row, self.ids[engine]))
    }

    fn classes(&self, places: &[(Setting, usize)]) -> Vec<Class> {
        // No class sorts behind every class.
        let mut classes: BTreeMap<(bool, String), BTreeMap<&str, Vec<Fate>>> = BTreeMap::new();
        for row in &self.rows {
            let class = row.class.as_deref().map(clean).unwrap_or_default();
            let scripts = classes.entry((class.is_empty(), class)).or_default();
            let fates = scripts.entry(&row.script).or_insert_with(|| vec![Fate::Absent; places.len()]);
            let here = |(setting, engine): &(Setting, usize)| {
                *setting == (row.isolation, row.reuse) && self.ids[*engine] == row.engine
            };
            if let Some(place) = places.iter().position(here) {
                fates[place] = Fate::of(row);
            }
        }
        let class = |((_, name), scripts): (_, BTreeMap<&str, Vec<Fate>>)| {
            let scripts = scripts.into_iter().map(|(name, fates)| Script { name: clean(name), fates });
            Class { name, scripts: scripts.collect() }
        };
        classes.into_iter().map(class).collect()
    }

    fn not_run(&self, engines: usize) -> Vec<NotRun> {
        let mut not_run: Vec<NotRun> = Vec::new();
        for engine in 0..engines {
            for (setting, group) in self.settings() {
                for row in self.column(setting, engine).filter(|row| row.verdict.is_none()) {
                    let reason = fate::why_not_run(row);
                    let known = |other: &NotRun| (other.engine, &other.reason) == (engine, &reason);
                    let place = not_run.iter().position(known).unwrap_or_else(|| {
                        not_run.push(NotRun { engine, groups: Vec::new(), reason, rows: 0 });
                        not_run.len() - 1
                    });
                    let entry = &mut not_run[place];
                    entry.rows += 1;
                    if entry.groups.last() != Some(&group) {
                        entry.groups.push(group.clone());
                    }
                }
            }
        }
        not_run
    }
}

impl Scorecard {
    /// Every column, in the order of a script's fates.
    pub fn columns(&self) -> impl Iterator<Item = (&Group, &Column)> {
        self.groups.iter().flat_map(|group| group.columns.iter().map(move |column| (group, column)))
    }

    /// Columns that were given fewer scripts than there are, with how many.
    pub fn partial(&self) -> impl Iterator<Item = (&Group, &Column, u64)> {
        self.columns()
            .map(|(group, column)| (group, column, column.tally.counts.total()))
            .filter(|(.., count)| *count < self.scripts)
    }
}

impl Class {
    /// How its scripts fared in one column.
    pub fn counts(&self, column: usize) -> Counts {
        Counts::of(self.scripts.iter().filter_map(|script| script.fates[column].verdict()))
    }

    /// How its scripts fared in all columns together.
    pub fn total(&self) -> Counts {
        Counts::of(self.scripts.iter().flat_map(|script| script.fates.iter().filter_map(Fate::verdict)))
    }
}

impl Group {
    /// How the scripts fared on all its engines together.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.columns.iter().for_each(|column| total.merge(column.tally.counts));
        total
    }
}

impl Column {
    fn of(engine: usize, mut rows: Vec<&Containment>) -> Result<Self, ReportError> {
        rows.retain(|row| row.verdict.is_some());
        let mut faults: Vec<Fault> = Vec::new();
        for row in &rows {
            let Fate::Judged { verdict, why, .. } = Fate::of(row) else { continue };
            if verdict == Verdict::Contained {
                continue;
            }
            let script = clean(&row.script);
            match faults.iter_mut().find(|fault| (fault.verdict, &fault.why) == (verdict, &why)) {
                Some(fault) => fault.scripts.push(script),
                None => faults.push(Fault { verdict, why, scripts: vec![script] }),
            }
        }
        // Stable: among equals the first script decides.
        faults.sort_by_key(|fault| (Reverse(fault.verdict), Reverse(fault.scripts.len())));
        Ok(Self { engine, tally: Tally::of(&rows)?, faults })
    }
}

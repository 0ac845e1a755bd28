//! Which hostile scripts are mixed in among the good jobs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::UsageError;
use crate::engine::Deadlines;
use crate::engine::registry::{self, Entry};
use crate::executor::{Isolation, OutcomeKind};
use crate::workload::hostile::{Hostile, Known, choose, corpus};

/// The hostile part of a load, as asked for.
#[derive(Debug, Clone)]
pub struct HostileSettings {
    /// The folder they come from, in place of what is built in.
    pub folder: Option<PathBuf>,
    scripts: Vec<Hostile>,
    /// Whether they are wanted whatever they do, as those are that were chosen by name.
    killers_too: bool,
    timeout: Duration,
}

impl HostileSettings {
    /// The inner deadline of hostile jobs, unless told otherwise.
    pub const TIMEOUT: Duration = Duration::from_millis(200);

    /// Reads a corpus and chooses from it.
    ///
    /// # Errors
    /// [`UsageError`] for a corpus that cannot be read, and for a name that matches nothing.
    pub fn gather(folder: Option<PathBuf>, wanted: &[String], timeout: Duration) -> Result<Self, UsageError> {
        let scripts = choose(read(folder.as_deref())?, wanted)?;
        Ok(Self { folder, scripts, killers_too: !wanted.is_empty(), timeout })
    }

    /// The same, with what is known to take down the whole process: for whoever measures just that.
    #[must_use]
    pub fn with_killers(self) -> Self {
        Self { killers_too: true, ..self }
    }

    /// The names of those that an engine gets under an isolation: of a corpus from which nobody chose, those
    /// that are known to take down the whole process are left out. A load that is over with its first hostile
    /// job would say nothing.
    pub fn names(&self, engine: &str, isolation: Isolation) -> Vec<String> {
        let is_fit = |script: &&Hostile| {
            let expected = script.expected.as_ref().filter(|_| !self.killers_too);
            expected.is_none_or(|expected| !expected.loses_host(isolation.as_str(), engine))
        };
        self.scripts.iter().filter(is_fit).map(|script| script.name.clone()).collect()
    }

    /// The deadlines of hostile jobs: short, so that they cost the good ones no more than they must.
    pub fn deadlines(&self) -> Deadlines {
        Deadlines { inner: self.timeout, outer: self.timeout.saturating_mul(2) }
    }
}

/// The corpus in a folder, or the one built in, held against the names that this program knows.
///
/// # Errors
/// [`UsageError`] naming the file that cannot be read or says something it must not.
pub fn read(folder: Option<&Path>) -> Result<Vec<Hostile>, UsageError> {
    let outcomes = OutcomeKind::ALL.map(OutcomeKind::as_str);
    let isolations = Isolation::ALL.map(Isolation::as_str);
    let engines: Vec<&str> = registry::entries().iter().map(Entry::id).collect();
    let known = Known { outcomes: &outcomes, engines: &engines, isolations: &isolations };
    Ok(corpus(folder, &known)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &[&str], engine: &str, isolation: Isolation) -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        HostileSettings::gather(None, &wanted, HostileSettings::TIMEOUT).unwrap().names(engine, isolation)
    }

    #[test]
    fn what_takes_down_the_process_must_be_asked_for() {
        let all = read(None).unwrap();
        let killers: Vec<&Hostile> = all
            .iter()
            .filter(|it| it.expected.as_ref().is_some_and(|expected| expected.loses_host("thread", "boa")))
            .collect();
        assert!(!killers.is_empty());
        let by_default = names(&[], "boa", Isolation::Thread);
        assert_eq!(by_default.len(), all.len() - killers.len());
        assert!(killers.iter().all(|killer| !by_default.contains(&killer.name)));
        let settings = HostileSettings::gather(None, &[], HostileSettings::TIMEOUT).unwrap();
        assert_eq!(settings.with_killers().names("boa", Isolation::Thread).len(), all.len());
        let asked = names(&[&killers[0].name], "boa", Isolation::Thread);
        assert_eq!(asked, [killers[0].name.clone()]);
    }

    #[test]
    fn an_outer_deadline_is_twice_the_inner_one() {
        let settings = HostileSettings::gather(None, &[], Duration::from_millis(70)).unwrap();
        let Deadlines { inner, outer } = settings.deadlines();
        assert_eq!((inner.as_millis(), outer.as_millis()), (70, 140));
    }
}

//! What was asked, what came back, and what the server says of it.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Class;
use super::connection::Response;
use super::request::{outcome, verdict};

#[derive(Debug, Default)]
pub struct Tally {
    /// Requests by class and by what came back: a status, or a word.
    pub seen: BTreeMap<Class, BTreeMap<String, usize>>,
    /// Jobs by outcome, as their answers told.
    pub jobs: BTreeMap<String, usize>,
    /// Requests that may have become a job of which nobody was told.
    pub untold: usize,
    /// Requests that were sent again, because this machine had been too slow at sending them.
    pub late: usize,
    pub failures: Vec<String>,
}

impl Tally {
    /// Counts what came back without a response.
    pub fn count(&mut self, class: Class, what: &str) {
        *self.seen.entry(class).or_default().entry(what.to_owned()).or_default() += 1;
    }

    /// Counts a response, and the job that it tells of.
    pub fn count_response(&mut self, class: Class, response: &Response) {
        self.count(class, &response.status.to_string());
        if response.json().is_ok_and(|body| body.get("attempts").is_some())
            && let Ok(kind) = verdict(response)
        {
            *self.jobs.entry(outcome(kind.as_deref()).to_owned()).or_default() += 1;
        }
    }

    /// Requests that were dealt with.
    pub fn requests(&self) -> usize {
        self.seen.values().flat_map(BTreeMap::values).sum()
    }

    /// Holds the jobs that were told of against the server's own count: each outcome the same, but for the good
    /// ones of clients that went away.
    pub fn check(&self, counted: &BTreeMap<String, usize>) {
        for (outcome, count) in counted {
            let told = self.jobs.get(outcome).copied().unwrap_or(0);
            let most = if outcome == "ok" { told + self.untold } else { told };
            assert!(
                (told..=most).contains(count),
                "{outcome}: told {told}, at most {most}, the server has {count}"
            );
        }
        let known: usize = counted.values().sum();
        assert!(known >= self.jobs.values().sum(), "{counted:?} counted, {:?} told", self.jobs);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (class, seen) in &self.seen {
            let parts: Vec<_> = seen.iter().map(|(what, count)| format!("{what} × {count}")).collect();
            writeln!(f, "{class:?}: {} = {}", seen.values().sum::<usize>(), parts.join(", "))?;
        }
        write!(f, "jobs {:?}, untold at most {}, sent again {}", self.jobs, self.untold, self.late)
    }
}

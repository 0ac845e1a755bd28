//! A service level objective: what is promised of response times and errors, and whether a load run kept it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::stats::{Percentiles, Summary};

/// Limits, all of which have to hold, in the order of [`Figure::ALL`] with errors last.
///
/// Two more hold whatever is written. Where nothing is said of errors, less than 1 % of the jobs may fail: turning
/// jobs away is no way to answer the others in time. And the server keeps up: once the last job was due, what is left
/// is done within 1 % of the run, and as long as the objective lets a job take, or as the slowest one took. Otherwise
/// a queue that only grows would hold any objective for as long as the run is short.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    terms: Vec<Term>,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Term {
    /// A figure of the response time is below this.
    Response {
        /// Which.
        figure: Figure,
        /// The limit.
        below: Duration,
    },
    /// Of the jobs submitted, fewer than this do not end in a right answer: per cent.
    Errors {
        /// The limit.
        below_percent: f64,
    },
}

/// A figure of the response time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the figure of its name")]
pub enum Figure {
    P50,
    P90,
    P95,
    P99,
    P999,
    Max,
    Mean,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::P50, Self::P90, Self::P95, Self::P99, Self::P999, Self::Max, Self::Mean];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }

    /// Among others, microseconds.
    pub fn of(self, all: &Percentiles) -> f64 {
        match self {
            Self::P50 => all.p50,
            Self::P90 => all.p90,
            Self::P95 => all.p95,
            Self::P99 => all.p99,
            Self::P999 => all.p999,
            Self::Max => all.max,
            Self::Mean => all.mean,
        }
    }

    /// Jobs that leave ten beyond a percentile.
    fn jobs_needed(self) -> u64 {
        match self {
            Self::P50 => 20,
            Self::P90 => 100,
            Self::P95 => 200,
            Self::P99 => 1_000,
            Self::P999 => 10_000,
            Self::Max | Self::Mean => 1,
        }
    }
}

/// Why a limit did not hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Breach {
    /// A figure of the response time was this, microseconds.
    Response {
        /// Which.
        figure: Figure,
        /// How long.
        us: f64,
    },
    /// This part of the jobs, in per cent, did not end in a right answer.
    Errors {
        /// How large.
        percent: f64,
    },
    /// When the last job was due, so much was left that it took this long.
    Behind {
        /// How long.
        by: Duration,
    },
    /// Fewer jobs ran than the objective needs to be judged.
    TooFew {
        /// How many ran.
        ran: u64,
        /// How many are needed.
        needed: u64,
    },
}

/// Errors that are let pass where nothing is said of them, per cent.
const ERRORS_BELOW_PERCENT: f64 = 1.0;

/// The part of a run in which what is left at its end has to be done.
const BEHIND: f64 = 0.01;

impl Slo {
    /// The limits that were written.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Jobs that a run has to have to be judged: ten beyond each percentile, and as many as make one error of them
    /// less than the limit of errors.
    pub fn jobs_needed(&self) -> u64 {
        let of = |term: &Term| match term {
            Term::Response { figure, .. } => figure.jobs_needed(),
            Term::Errors { .. } => 1,
        };
        let for_errors = (100.0 / self.errors_below_percent()).ceil() as u64;
        self.terms.iter().map(of).max().unwrap_or(1).max(for_errors)
    }

    /// Why a run of that length did not hold it; nothing if it did.
    pub fn judge(&self, run: &Summary, length: Duration) -> Vec<Breach> {
        let turned_away = run.outcomes.rejected + run.outcomes.circuit_open + run.outcomes.cancelled;
        let (ran, needed) = (run.submitted.saturating_sub(turned_away), self.jobs_needed());
        let mut breaches = self.response_breaches(&run.response_us);
        let wrong = run.errors() + run.lost();
        let percent = wrong as f64 * 100.0 / run.submitted.max(1) as f64;
        if percent >= self.errors_below_percent() {
            breaches.push(Breach::Errors { percent });
        }
        let by = run.elapsed_s - length.as_secs_f64();
        if by > self.longest_job_s(run) + BEHIND * length.as_secs_f64() {
            breaches.push(Breach::Behind { by: Duration::try_from_secs_f64(by).unwrap_or_default() });
        }
        // What is broken already is broken, however few there were.
        if breaches.is_empty() && ran < needed {
            breaches.push(Breach::TooFew { ran, needed });
        }
        breaches
    }

    /// Whether a run broke it by what jobs did once they ran, so that fewer of them would break it too: those that were
    /// not turned away took too long without any wait, or failed.
    pub fn is_broken_alone(&self, run: &Summary) -> bool {
        let failed_percent = run.failed() as f64 * 100.0 / run.submitted.max(1) as f64;
        failed_percent >= self.errors_below_percent() || !self.response_breaches(&run.service_us).is_empty()
    }

    /// Which limits of response time these figures exceed.
    pub fn response_breaches(&self, response_us: &Percentiles) -> Vec<Breach> {
        self.terms.iter().filter_map(|term| term.breach(response_us)).collect()
    }

    fn errors_below_percent(&self) -> f64 {
        let limit = |term: &Term| match term {
            Term::Errors { below_percent } => Some(*below_percent),
            Term::Response { .. } => None,
        };
        self.terms.iter().find_map(limit).unwrap_or(ERRORS_BELOW_PERCENT)
    }

    /// The longest of its limits of response time; none is nought.
    pub fn longest_limit(&self) -> Duration {
        let limit = |term: &Term| match term {
            Term::Response { below, .. } => Some(*below),
            Term::Errors { .. } => None,
        };
        self.terms.iter().filter_map(limit).max().unwrap_or_default()
    }

    /// Seconds that the last job may well take.
    fn longest_job_s(&self, run: &Summary) -> f64 {
        self.longest_limit().as_secs_f64().max(run.service_us.max / 1e6)
    }
}

impl Term {
    fn breach(&self, response: &Percentiles) -> Option<Breach> {
        let Self::Response { figure, below } = *self else { return None };
        let us = figure.of(response);
        (us >= below.as_secs_f64() * 1e6).then_some(Breach::Response { figure, us })
    }

    /// What it is about, such as `p99`, and its place among others.
    fn about(&self) -> (Option<Figure>, &'static str) {
        match self {
            Self::Response { figure, .. } => (Some(*figure), figure.as_str()),
            Self::Errors { .. } => (None, "errors"),
        }
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: Vec<String> = self.terms.iter().map(ToString::to_string).collect();
        f.pad(&terms.join(","))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { figure, below } => {
                write!(f, "{}<{}", figure.as_str(), humantime::format_duration(*below))
            }
            Self::Errors { below_percent } => write!(f, "errors<{below_percent}%"),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { figure, us } => write!(f, "{} was {:.3} ms", figure.as_str(), us / 1e3),
            Self::Errors { percent } => write!(f, "{percent:.3} % were errors"),
            Self::Behind { by } => {
                write!(f, "{:.3} s of work were left when the last job was due", by.as_secs_f64())
            }
            Self::TooFew { ran, needed } => write!(f, "{ran} jobs ran, {needed} are needed to judge it"),
        }
    }
}

/// Why a text is no objective: one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SloError {
    /// There is nothing in it.
    #[error("it has no term; write p99<50ms or p99<50ms,errors<0.1%")]
    Empty,
    /// A term is not a figure, `<` and a limit.
    #[error("`{0}` is no term; write a figure, `<` and its limit, such as p99<50ms")]
    Term(String),
    /// There is no such figure.
    #[error("there is no figure `{0}` (known: p50, p90, p95, p99, p999, max, mean, errors)")]
    Figure(String),
    /// The limit is no time.
    #[error("`{limit}` is no time for {figure}; write 50ms, 250us or 1s, above nought")]
    Time {
        /// Of which figure.
        figure: &'static str,
        /// What was written.
        limit: String,
    },
    /// The limit is no part of a whole.
    #[error("`{0}` is no part of the jobs; write 0.1% or 0.001, above nought and up to 100%")]
    Share(String),
    /// A figure has two limits.
    #[error("{0} has two limits; give it one")]
    Twice(&'static str),
}

impl FromStr for Slo {
    type Err = SloError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut terms = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            terms.push(part.parse::<Term>()?);
        }
        if terms.is_empty() {
            return Err(SloError::Empty);
        }
        terms.sort_by_key(|term| {
            let (figure, _) = term.about();
            (figure.is_none(), figure)
        });
        match terms.windows(2).find(|pair| pair[0].about() == pair[1].about()) {
            Some(pair) => Err(SloError::Twice(pair[0].about().1)),
            None => Ok(Self { terms }),
        }
    }
}

impl FromStr for Term {
    type Err = SloError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let term = || SloError::Term(text.to_owned());
        let (name, limit) = text.split_once('<').ok_or_else(term)?;
        let (name, limit) = (name.trim(), limit.trim());
        if name.is_empty() || limit.is_empty() || limit.starts_with('=') {
            return Err(term());
        }
        if name == "errors" {
            return percent(limit)
                .map(|below_percent| Self::Errors { below_percent })
                .ok_or_else(|| SloError::Share(limit.to_owned()));
        }
        let figure = Figure::ALL.into_iter().find(|figure| figure.as_str() == name);
        let figure = figure.ok_or_else(|| SloError::Figure(name.to_owned()))?;
        match humantime::parse_duration(limit) {
            Ok(below) if !below.is_zero() => Ok(Self::Response { figure, below }),
            _ => Err(SloError::Time { figure: figure.as_str(), limit: limit.to_owned() }),
        }
    }
}

/// A part of a whole in per cent, as a part or in per cent.
fn percent(text: &str) -> Option<f64> {
    let number = |digits: &str| digits.trim().parse::<f64>().ok();
    let percent = match text.strip_suffix('%') {
        Some(percent) => number(percent)?,
        // Without the dust that a multiplication leaves behind: it would be written out.
        None => (number(text)? * 1e11).round() / 1e9,
    };
    (percent > 0.0 && percent <= 100.0).then_some(percent)
}

#[cfg(test)]
mod tests;

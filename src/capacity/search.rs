//! Which rate to try next, and when the highest that holds is known: a state machine without a clock.
//!
//! From a first guess, rates are doubled or halved until one held and a higher one broke; then the gap is halved, in
//! the geometric sense, until it is as narrow as asked. What held once may have been luck: the rate found is tried
//! some more times. If it breaks in half of them or more it counts as broken, and the search goes on below it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most rates tried in either direction from the guess, each twice or half the one before.
const BRACKETS: u32 = 10;

/// Rates found and not confirmed, after which there is nothing to be found.
const REFUTED: u32 = 5;

/// Part of the guess from which on down jobs are hardly in each other's way: what breaks an objective there by what a
/// job does alone breaks it at any rate.
const ALONE: f64 = 0.25;

/// Divides two rates whose quotient is to be one.
const ROUNDING: f64 = 1e-9;

/// A search in the making.
#[derive(Debug, Clone)]
pub struct Search {
    guess: f64,
    /// Below this a rate cannot be judged.
    slowest: f64,
    precision: f64,
    confirm: u32,
    /// Rates that held, from the lowest to the highest, all below `broken`.
    held: Vec<f64>,
    /// The lowest rate that broke.
    broken: Option<f64>,
    confirmed: Confirmed,
    refuted: u32,
    /// A rate that shows that there is none.
    hopeless: Option<f64>,
}

/// One rate to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    /// Jobs a second.
    pub rate_per_s: f64,
    /// What it is tried for.
    pub purpose: Purpose,
}

/// What became of a rate that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It held.
    Held,
    /// It did not.
    Broken,
    /// It did not, by what jobs do once they run: how many of them come makes no difference to that.
    BrokenAlone,
}

/// What a rate is tried for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To have one that holds and one that does not.
    Bracket,
    /// To narrow the gap between the two.
    Bisect,
    /// To see whether the highest that held does so again.
    Confirm,
}

impl Purpose {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bracket => "bracket",
            Self::Bisect => "bisect",
            Self::Confirm => "confirm",
        }
    }
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// With a rate.
    Found(Found),
    /// Without one.
    NotFound(NotFound),
}

/// The highest rate that holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Jobs a second: the highest rate that held and was confirmed.
    pub rate_per_s: f64,
    /// That rate, and the lowest that broke: the capacity is between them.
    pub interval: [f64; 2],
    /// How often it held again.
    pub confirmed: Confirmed,
}

/// How often a rate held when it was tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmed {
    /// How often it held.
    pub held: u32,
    /// How often it was tried.
    pub of: u32,
}

/// Why there is no such rate. Jobs a second.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotFound {
    /// It is broken even at the lowest rate tried.
    #[error("it does not hold even at {lowest_per_s:.1} jobs/s, the lowest rate tried")]
    Nowhere {
        /// That rate.
        lowest_per_s: f64,
    },
    /// It is broken at every rate at which enough jobs come to judge it.
    #[error(
        "below {slowest_per_s:.1} jobs/s too few jobs come to judge it, and above it does not hold; take longer probes \
         (--duration) or a lower percentile"
    )]
    TooSlow {
        /// The lowest rate that could be judged.
        slowest_per_s: f64,
    },
    /// It is broken by what each job does, however few there are.
    #[error(
        "no rate can hold it: even at {at_per_s:.1} jobs/s, a quarter of what a closed loop does or less, jobs broke it \
         by what they take or how they fail once they run"
    )]
    Hopeless {
        /// A rate at which that was seen.
        at_per_s: f64,
    },
    /// It holds even at the highest rate tried.
    #[error("it holds even at {highest_per_s:.1} jobs/s, the highest rate tried")]
    Everywhere {
        /// That rate.
        highest_per_s: f64,
    },
    /// Rates held, and broke when they were tried again.
    #[error(
        "{times} rates held once and broke when they were tried again, the last at {last_per_s:.1} jobs/s; take longer \
         probes (--duration) or a quieter machine"
    )]
    Unconfirmed {
        /// How often.
        times: u32,
        /// The last of them.
        last_per_s: f64,
    },
}

impl Search {
    /// Begins at a guess and goes on until the rate is known to `precision`, a part of it, and was tried `confirm`
    /// more times, at least once. Rates below `slowest` are not tried. Rates are jobs a second, above nought.
    pub fn new(guess_per_s: f64, slowest_per_s: f64, precision: f64, confirm: u32) -> Self {
        Self {
            guess: guess_per_s.max(slowest_per_s),
            slowest: slowest_per_s,
            precision,
            confirm: confirm.max(1),
            held: Vec::new(),
            broken: None,
            confirmed: Confirmed::default(),
            refuted: 0,
            hopeless: None,
        }
    }

    /// The next rate to try.
    ///
    /// # Errors
    /// The end, when there is none.
    pub fn probe(&self) -> Result<Probe, End> {
        let of = |purpose, rate_per_s| Ok(Probe { rate_per_s, purpose });
        let without = |why| Err(End::NotFound(why));
        if let Some(at_per_s) = self.hopeless {
            return without(NotFound::Hopeless { at_per_s });
        }
        match (self.held.last().copied(), self.broken) {
            (_, Some(last_per_s)) if self.refuted >= REFUTED => {
                without(NotFound::Unconfirmed { times: self.refuted, last_per_s })
            }
            (None, None) => of(Purpose::Bracket, self.guess),
            (Some(low), None) if low * 2.0 > self.farthest(BRACKETS as i32) => {
                without(NotFound::Everywhere { highest_per_s: low })
            }
            (Some(low), None) => of(Purpose::Bracket, low * 2.0),
            (None, Some(high)) if high <= self.slowest => {
                without(NotFound::TooSlow { slowest_per_s: self.slowest })
            }
            (None, Some(high)) if high / 2.0 < self.farthest(-(BRACKETS as i32)) => {
                without(NotFound::Nowhere { lowest_per_s: high })
            }
            (None, Some(high)) => of(Purpose::Bracket, (high / 2.0).max(self.slowest)),
            (Some(low), Some(high)) if high / low > (1.0 + self.precision) * (1.0 + ROUNDING) => {
                of(Purpose::Bisect, (low * high).sqrt())
            }
            (Some(low), Some(high)) if self.confirmed.of == self.confirm => {
                Err(End::Found(Found { rate_per_s: low, interval: [low, high], confirmed: self.confirmed }))
            }
            (Some(low), Some(_)) => of(Purpose::Confirm, low),
        }
    }

    /// Takes what became of the rate that was to be tried. Nothing, once the search has ended.
    pub fn tell(&mut self, outcome: Outcome) {
        let Ok(Probe { rate_per_s, purpose }) = self.probe() else { return };
        let held = outcome == Outcome::Held;
        let is_low = rate_per_s <= self.guess * ALONE * (1.0 + ROUNDING);
        if outcome == Outcome::BrokenAlone && self.held.is_empty() && is_low {
            self.hopeless = Some(rate_per_s);
        }
        match (purpose, held) {
            (Purpose::Bracket | Purpose::Bisect, true) => self.held.push(rate_per_s),
            (Purpose::Bracket | Purpose::Bisect, false) => self.broken = Some(rate_per_s),
            (Purpose::Confirm, _) => {
                self.confirmed.of += 1;
                self.confirmed.held += u32::from(held);
                let broke = self.confirmed.of - self.confirmed.held;
                if broke * 2 >= self.confirm {
                    self.broken = self.held.pop();
                    self.confirmed = Confirmed::default();
                    self.refuted += 1;
                }
            }
        }
    }

    /// Probes after which it has ended, whatever it is told: brackets up, then down all the way, and for each rate
    /// found the steps from a factor of two to the precision, and its confirmations.
    pub fn most_probes(&self) -> u32 {
        let narrower = std::f64::consts::LN_2 / self.precision.ln_1p();
        let bisections = narrower.log2().ceil().max(0.0) as u32;
        2 * (BRACKETS + 1) + (REFUTED + 1) * (bisections + self.confirm)
    }

    /// The guess doubled so many times.
    fn farthest(&self, times: i32) -> f64 {
        self.guess * 2_f64.powi(times) * (1.0 + f64::from(times.signum()) * ROUNDING)
    }
}

#[cfg(test)]
mod tests;

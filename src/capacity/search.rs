//! Which rate to try next, and when the highest that holds is known: a state machine without a clock.
//!
//! From a first guess, rates are doubled or halved until one held and a higher one broke; then the gap is halved, in
//! the geometric sense, until it is as narrow as asked. What held once may have been luck, and what broke a disturbance:
//! both ends of the gap are tried some more times. A rate that then breaks in half of them or more counts as broken, one
//! that holds in more than half as held, and the search goes on from there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most rates tried in either direction from the guess, each twice or half the one before.
const BRACKETS: u32 = 10;

/// Ends of the gap that turned out to be the other way round, after which there is nothing to be found.
const REFUTED: usize = 5;

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
    /// Rates that held, from the lowest to the highest, all below those that broke.
    held: Vec<Tried>,
    /// Rates that broke, from the highest to the lowest.
    broken: Vec<Tried>,
    /// Rates that changed sides when they were tried again.
    refuted: Vec<f64>,
    /// A rate that shows that there is none.
    hopeless: Option<f64>,
}

/// A rate that was tried, and what came of it when it was tried again.
#[derive(Debug, Clone, Copy)]
struct Tried {
    rate_per_s: f64,
    again: Confirmed,
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
    /// To see whether the highest that held does so again, and the lowest that did not.
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
        "no rate can hold it: even at {at_per_s:.1} jobs/s, a quarter of a closed loop's rate or less, jobs take too long \
         or fail by themselves, without any wait"
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
    /// Rates held or broke, and did the opposite when they were tried again.
    #[error(
        "{times} rates held once and broke when they were tried again, or the other way round, the last about \
         {last_per_s:.1} jobs/s; take longer probes (--duration) or a quieter machine"
    )]
    Unconfirmed {
        /// How often.
        times: usize,
        /// The last of them.
        last_per_s: f64,
    },
}

impl Confirmed {
    /// How often it broke.
    fn broken(self) -> u32 {
        self.of - self.held
    }
}

impl Search {
    /// Begins at a guess and goes on until the rate is known to `precision`, a part of it, and was tried `confirm`
    /// more times, at least once, and the one that broke as often as it takes to be sure of that. Rates below `slowest`
    /// are not tried. Rates are jobs a second, above nought.
    pub fn new(guess_per_s: f64, slowest_per_s: f64, precision: f64, confirm: u32) -> Self {
        Self {
            guess: guess_per_s.max(slowest_per_s),
            slowest: slowest_per_s,
            precision,
            confirm: confirm.max(1),
            held: Vec::new(),
            broken: Vec::new(),
            refuted: Vec::new(),
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
        if let [.., last_per_s] = self.refuted[..]
            && self.refuted.len() >= REFUTED
        {
            return without(NotFound::Unconfirmed { times: self.refuted.len(), last_per_s });
        }
        match (self.held.last(), self.broken.last()) {
            (None, None) => of(Purpose::Bracket, self.guess),
            (Some(low), None) if low.rate_per_s * 2.0 > self.farthest(BRACKETS as i32) => {
                without(NotFound::Everywhere { highest_per_s: low.rate_per_s })
            }
            (Some(low), None) => of(Purpose::Bracket, low.rate_per_s * 2.0),
            (None, Some(high)) if high.rate_per_s <= self.slowest => {
                without(NotFound::TooSlow { slowest_per_s: self.slowest })
            }
            (None, Some(high)) if high.rate_per_s / 2.0 < self.farthest(-(BRACKETS as i32)) => {
                without(NotFound::Nowhere { lowest_per_s: high.rate_per_s })
            }
            (None, Some(high)) => of(Purpose::Bracket, (high.rate_per_s / 2.0).max(self.slowest)),
            (Some(low), Some(high)) => self.narrow(low, high),
        }
    }

    /// The next step between two rates: to halve the gap, or to try its low end again, and then its high one until it is
    /// sure enough.
    fn narrow(&self, low: &Tried, high: &Tried) -> Result<Probe, End> {
        let (Tried { rate_per_s: low, again: confirmed }, Tried { rate_per_s: high, again: doubted }) =
            (*low, *high);
        let of = |purpose, rate_per_s| Ok(Probe { rate_per_s, purpose });
        if high / low > (1.0 + self.precision) * (1.0 + ROUNDING) {
            return of(Purpose::Bisect, (low * high).sqrt());
        }
        if confirmed.of < self.confirm {
            return of(Purpose::Confirm, low);
        }
        if doubted.of < self.confirm && doubted.broken() * 2 <= self.confirm {
            return of(Purpose::Confirm, high);
        }
        Err(End::Found(Found { rate_per_s: low, interval: [low, high], confirmed }))
    }

    /// Takes what became of the rate that was to be tried. Nothing, once the search has ended.
    pub fn tell(&mut self, outcome: Outcome) {
        let Ok(Probe { rate_per_s, purpose }) = self.probe() else { return };
        let held = outcome == Outcome::Held;
        let is_low = rate_per_s <= self.guess * ALONE * (1.0 + ROUNDING);
        if outcome == Outcome::BrokenAlone && self.held.is_empty() && is_low {
            self.hopeless = Some(rate_per_s);
        }
        let tried = Tried { rate_per_s, again: Confirmed::default() };
        match (purpose, held) {
            (Purpose::Bracket | Purpose::Bisect, true) => self.held.push(tried),
            (Purpose::Bracket | Purpose::Bisect, false) => self.broken.push(tried),
            (Purpose::Confirm, _) => self.confirm(held),
        }
    }

    /// An end of the gap was tried again. One that turns out to be the other way round changes sides, and does so once:
    /// the majority that it changes sides by is one on the other side too.
    fn confirm(&mut self, held: bool) {
        let more = |again: Confirmed| Confirmed { held: again.held + u32::from(held), of: again.of + 1 };
        if let Some(low) = self.held.last_mut().filter(|low| low.again.of < self.confirm) {
            low.again = more(low.again);
            if low.again.broken() * 2 >= self.confirm {
                self.refuted.push(low.rate_per_s);
                self.broken.extend(self.held.pop());
            }
        } else if let Some(high) = self.broken.last_mut() {
            high.again = more(high.again);
            if high.again.held * 2 > self.confirm {
                self.refuted.push(high.rate_per_s);
                self.held.extend(self.broken.pop());
            }
        }
    }

    /// Probes after which it has ended, whatever it is told: brackets up, then down all the way, and for each gap the
    /// steps from a factor of two to the precision, and the confirmations of both its ends.
    pub fn most_probes(&self) -> u32 {
        let narrower = std::f64::consts::LN_2 / self.precision.ln_1p();
        let bisections = narrower.log2().ceil().max(0.0) as u32;
        2 * (BRACKETS + 1) + (REFUTED as u32 + 1) * (bisections + 2 * self.confirm)
    }

    /// The guess doubled so many times.
    fn farthest(&self, times: i32) -> f64 {
        self.guess * 2_f64.powi(times) * (1.0 + f64::from(times.signum()) * ROUNDING)
    }
}

#[cfg(test)]
mod tests;

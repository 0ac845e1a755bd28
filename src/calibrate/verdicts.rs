//! Verdicts held against servers that are known to be the same, or known to be slower.
//!
//! A drill is a small `compare`: the fake engine under four names, each in as many rounds, every cell in a fresh
//! process, in an order drawn from the seed. Two of the four are the same server; one takes 5 % longer for every job,
//! and one 10 %. Each cell draws its service times from a stream of its own, as two runs of a real engine would not
//! repeat each other either.
//!
//! Jobs are short, so that a quarter of a second has as many of them as a percentile needs. Of the server with a tail,
//! one job in thirteen waits for a slow one and hardly any for two: its 99th percentile lies within the first kind and not
//! on the brink between the two.
//!
//! The same server is judged without an A/A floor, where it is called different most easily; the slower ones with the
//! floor that the drill's own pair of equals gives, where they are found hardest.

use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use crate::record::{AGAIN, Comparison, EngineEntry, Measurement, NoiseFloor, RunRecord, comparisons};
use crate::stats::compare::{ComparisonVerdict, Metric};

/// A server that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Jobs that are all alike: what differs is the median.
    Even,
    /// Two jobs in a hundred take long: what differs is the tail.
    Uneven,
}

/// What a cell of a drill serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillCell {
    /// Which of the four.
    pub variant: Variant,
    /// Its round.
    pub round: u32,
    /// What the fake engine is told.
    pub script: String,
}

/// One of the four of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// What the others are held against.
    Base,
    /// The same again.
    Again,
    /// 5 % slower.
    Slower,
    /// 10 % slower.
    MuchSlower,
}

impl Server {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Even, Self::Uneven];

    /// Its name in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Uneven => "uneven",
        }
    }

    fn script(self, factor: f64, seed: u64) -> String {
        let time = |micros: f64| format!("{}ns", Duration::from_secs_f64(micros * factor / 1e6).as_nanos());
        let serve = match self {
            Self::Even => format!("serve uniform {} {}", time(40.0), time(80.0)),
            Self::Uneven => {
                format!("serve uniform {} {}; serve bimodal 0ns {} 0.02", time(30.0), time(60.0), time(300.0))
            }
        };
        format!("seed {seed}; {serve}")
    }
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Base, Self::Again, Self::Slower, Self::MuchSlower];

    /// Its name, in the place of an engine's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Again => "again",
            Self::Slower => "slower",
            Self::MuchSlower => "much slower",
        }
    }

    /// By how much its service times are longer, as a part of the base's.
    pub fn injected(self) -> f64 {
        match self {
            Self::Base | Self::Again => 0.0,
            Self::Slower => 0.05,
            Self::MuchSlower => 0.10,
        }
    }
}

/// The cells of a drill in the order they are run: rounds one after the other, each in an order of its own.
pub fn drill(server: Server, rounds: u32, seed: u64) -> Vec<DrillCell> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut all = Vec::new();
    for round in 0..rounds {
        let mut cells: Vec<DrillCell> = Variant::ALL
            .into_iter()
            .map(|variant| {
                let draw = seed.wrapping_mul(1_000_003) + u64::from(round) * 4 + variant as u64;
                DrillCell { variant, round, script: server.script(1.0 + variant.injected(), draw) }
            })
            .collect();
        cells.shuffle(&mut random);
        all.extend(cells);
    }
    all
}

/// What a drill says of each variant but the base: a verdict for every metric. `record` gives what every record has.
pub fn judge(
    record: &RunRecord,
    measured: &[(Variant, Measurement)],
) -> Vec<(Variant, Metric, ComparisonVerdict)> {
    // The second of a pair is what the first is held against: the base comes last.
    let order = [Variant::Again, Variant::Slower, Variant::MuchSlower, Variant::Base];
    let entry = |variant: Variant| EngineEntry {
        id: variant.as_str().to_owned(),
        info: None,
        missing: None,
        url: None,
    };
    let row = |variant: Variant, label: Option<&str>, row: &Measurement| Measurement {
        engine: variant.as_str().to_owned(),
        workload: "drill".to_owned(),
        label: label.map(str::to_owned),
        ..row.clone()
    };
    let again = measured.iter().filter(|(variant, _)| *variant == Variant::Again);
    let pair = again.map(|(_, measurement)| row(Variant::Base, Some(AGAIN), measurement));
    let mut whole = RunRecord {
        engines: order.map(entry).into(),
        measurements: measured.iter().map(|(variant, one)| row(*variant, None, one)).chain(pair).collect(),
        noise_floor: None,
        ..record.clone()
    };
    let bare = comparisons(&whole);
    whole.noise_floor = NoiseFloor::measured(&whole.measurements, whole.seed);
    let floored = comparisons(&whole);
    let of = |variant: Variant| if variant == Variant::Again { &bare } else { &floored };
    order[..3]
        .iter()
        .flat_map(|variant| {
            let held = |one: &&Comparison| one.a == variant.as_str() && one.b == Variant::Base.as_str();
            of(*variant).iter().filter(held).map(|one| (*variant, one.metric, one.verdict))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Script;
    use crate::engine::fake::Fake;

    /// Mean service time of a script, seconds.
    fn mean(script: &str) -> f64 {
        let times = Fake::service_times(1, 0, &Script::new("drill", script)).unwrap();
        times.take(20_000).map(|time| time.as_secs_f64()).sum::<f64>() / 20_000.0
    }

    #[test]
    fn a_drill_is_four_servers_in_as_many_rounds_each_with_draws_of_its_own() {
        for server in Server::ALL {
            let cells = drill(server, 6, 7);
            assert_eq!(cells.len(), 24);
            assert_eq!(cells, drill(server, 6, 7));
            assert_ne!(cells, drill(server, 6, 8));
            let mut scripts: Vec<&str> = cells.iter().map(|cell| &*cell.script).collect();
            scripts.sort_unstable();
            scripts.dedup();
            assert_eq!(scripts.len(), 24, "no two cells draw alike");
            for cell in &cells {
                let base = cells.iter().find(|other| other.variant == Variant::Base).unwrap();
                let ratio = mean(&cell.script) / mean(&base.script);
                let expected = 1.0 + cell.variant.injected();
                assert!((ratio / expected - 1.0).abs() < 0.03, "{cell:?}: {ratio}");
            }
        }
    }
}

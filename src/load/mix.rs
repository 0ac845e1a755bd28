//! What a load is mixed from: beside the script that is measured, others that mean harm.

use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::engine::{Deadlines, Script};
use crate::executor::Job;

/// A hostile script among the good jobs of a load.
#[derive(Debug, Clone)]
pub struct Ingredient {
    /// The script.
    pub script: Arc<Script>,
    /// The input of its jobs, JSON text.
    pub input: Arc<str>,
    /// The deadlines of its jobs.
    pub deadlines: Deadlines,
    /// Its part of all jobs, 0 to 1.
    pub share: f64,
}

impl Ingredient {
    /// Scripts in equal parts that together make up `share` of all jobs.
    pub fn evenly(scripts: Vec<Arc<Script>>, share: f64, deadlines: Deadlines) -> Vec<Self> {
        let each = share / scripts.len().max(1) as f64;
        let input: Arc<str> = "null".into();
        let of = |script| Self { script, input: Arc::clone(&input), deadlines, share: each };
        scripts.into_iter().map(of).collect()
    }

    pub(super) fn job(&self) -> Job {
        Job { script: Arc::clone(&self.script), input: Arc::clone(&self.input), deadlines: self.deadlines }
    }
}

/// Which part of a load a job belongs to. Their samples are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Good,
    Hostile,
}

/// The hostile ingredient whose turn it is at a job, counted from 0; `None` for the script that is measured. A
/// function of seed and number alone: neither timing nor which client asks makes a difference.
pub(super) fn choose(mix: &[Ingredient], seed: u64, number: u64) -> Option<&Ingredient> {
    if mix.is_empty() {
        return None;
    }
    let mut place = draw(seed, number);
    mix.iter().find(|ingredient| {
        place -= ingredient.share;
        place < 0.0
    })
}

/// Whether a job is hostile, where `share` of all jobs is: what [`choose`] comes to, without the scripts.
pub(super) fn is_hostile(share: f64, seed: u64, number: u64) -> bool {
    share > 0.0 && draw(seed, number) < share
}

/// From 0 to 1, the same for the same seed and number.
fn draw(seed: u64, number: u64) -> f64 {
    // A generator for each number, on a stream of its own: numbers are asked for in any order.
    let mut random =
        Pcg64Mcg::seed_from_u64(seed.rotate_left(32) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    random.random()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn mix(shares: &[f64]) -> Vec<Ingredient> {
        let deadlines = Deadlines { inner: Duration::from_secs(1), outer: Duration::from_secs(2) };
        let of = |(place, share): (usize, &f64)| Ingredient {
            script: Arc::new(Script::new(format!("s{place}"), "loop")),
            input: "null".into(),
            deadlines,
            share: *share,
        };
        shares.iter().enumerate().map(of).collect()
    }

    fn names(mix: &[Ingredient], seed: u64, numbers: impl Iterator<Item = u64>) -> Vec<Option<String>> {
        numbers.map(|number| choose(mix, seed, number).map(|it| it.script.name.clone())).collect()
    }

    #[test]
    fn the_seed_decides_and_the_order_of_asking_does_not() {
        let mix = mix(&[0.2, 0.3]);
        let forward = names(&mix, 7, 0..1000);
        let mut backward = names(&mix, 7, (0..1000).rev());
        backward.reverse();
        assert_eq!(forward, backward);
        assert_ne!(forward, names(&mix, 8, 0..1000));
    }

    #[test]
    fn who_is_hostile_can_be_told_without_the_scripts() {
        let mix = mix(&[0.01; 13]);
        for number in 0..10_000 {
            assert_eq!(is_hostile(0.13, 5, number), choose(&mix, 5, number).is_some(), "{number}");
        }
        assert!(!is_hostile(0.0, 5, 0) && is_hostile(1.0, 5, 0));
    }

    #[test]
    fn shares_are_kept() {
        let mix = mix(&[0.01, 0.04, 0.2]);
        let mut counts = [0_u32; 4];
        for number in 0..100_000 {
            let chosen = choose(&mix, 1, number).map_or(3, |it| it.script.name[1..].parse().unwrap());
            counts[chosen] += 1;
        }
        for (count, share) in counts.into_iter().zip([0.01, 0.04, 0.2, 0.75]) {
            // Five standard deviations of a count.
            let far = 5.0 * f64::sqrt(100_000.0 * share * (1.0 - share));
            assert!((f64::from(count) - 100_000.0 * share).abs() < far, "{counts:?}");
        }
    }

    #[test]
    fn hostile_jobs_come_without_a_pattern() {
        let mix = mix(&[0.5]);
        let hostile: Vec<bool> = (0..10_000).map(|n| choose(&mix, 3, n).is_some()).collect();
        for lag in 1..20 {
            let same = hostile.iter().zip(&hostile[lag..]).filter(|(a, b)| a == b).count();
            let share = same as f64 / (hostile.len() - lag) as f64;
            assert!((share - 0.5).abs() < 0.03, "lag {lag}: {share}");
        }
    }

    #[test]
    fn nothing_and_everything_can_be_hostile() {
        assert!((0..1000).all(|n| choose(&[], 1, n).is_none()));
        let scripts = mix(&[1.0, 1.0]).into_iter().map(|it| it.script).collect();
        let deadlines = mix(&[1.0])[0].deadlines;
        let all = Ingredient::evenly(scripts, 1.0, deadlines);
        assert!((0..1000).all(|n| choose(&all, 1, n).is_some()));
    }
}

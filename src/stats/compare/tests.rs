//! The statistics of comparison on simulated sides whose true ratio is known.

use std::time::Duration;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::stats::LatencyHistogram;

const ROUNDS: usize = 6;

/// A side whose rounds differ by noise of this relative size, with this many jobs a round. Service times are `slow`
/// times exponential ones of a millisecond on average.
fn side(slow: f64, noise: f64, jobs: u32, random: &mut Pcg64Mcg) -> Side {
    let round = |number| {
        let weather: f64 = StandardNormal.sample(random);
        let factor = slow * (noise * weather).exp();
        let mut response = LatencyHistogram::default();
        let mut total = 0.0;
        for _ in 0..jobs {
            let millis = -random.random::<f64>().ln() * factor;
            total += millis;
            response.record(Duration::from_secs_f64(millis / 1e3));
        }
        Round { number, elapsed_s: 1.0, throughput_per_s: 1e3 * f64::from(jobs) / total, response }
    };
    Side::new((0..ROUNDS as u32).map(round).collect())
}

/// Simulated pairs.
const PAIRS: u64 = 150;

/// What is known, by metric, of the ratio of a side that is so much slower to one that is not, for each of the pairs.
fn pairs(slow: f64, noise: f64) -> Vec<[Estimate; 4]> {
    let resamples = Resamples::new(ROUNDS, 1);
    let pair = |seed| {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let [a, b] = [1.0, slow].map(|slow| side(slow, noise, 200, &mut random));
        Metric::ALL.map(|metric| {
            let [a, b] = [&a, &b].map(|side| side.draw(metric, &resamples).unwrap());
            b.over(&a).estimate().unwrap()
        })
    };
    (0..PAIRS).map(pair).collect()
}

/// The share of pairs that are called different by each metric.
fn called_different(slow: f64, noise: f64) -> [f64; 4] {
    let pairs = pairs(slow, noise);
    std::array::from_fn(|at| {
        let is_different =
            |pair: &&[Estimate; 4]| judge(Metric::ALL[at], &pair[at], pair[at].p(), 0.0).is_different();
        pairs.iter().filter(is_different).count() as f64 / PAIRS as f64
    })
}

#[test]
fn the_same_is_seldom_called_different() {
    for noise in [0.0, 0.02] {
        // Without a minimal effect, one in twenty; 150 pairs of a true 5 % give more than 9 % twice in a hundred.
        let shares = called_different(1.0, noise);
        assert!(shares.iter().all(|share| *share <= 0.09), "noise {noise}: {shares:?}");
    }
}

#[test]
fn a_real_difference_is_found() {
    let [throughput, p50, p95, p99] = called_different(1.6, 0.0);
    assert!(throughput > 0.99 && p50 > 0.99 && p95 > 0.99 && p99 > 0.9, "{p99}");
}

#[test]
fn an_interval_holds_the_true_ratio_as_often_as_it_says() {
    let pairs = pairs(1.25, 0.01);
    for (at, metric) in Metric::ALL.into_iter().enumerate() {
        let truth = if metric.more_is_better() { 1.0 / 1.25 } else { 1.25 };
        let held = pairs.iter().filter(|pair| {
            let [low, high] = pair[at].interval();
            (low..=high).contains(&truth)
        });
        assert!(held.count() as u64 * 100 >= PAIRS * 91, "{metric}");
    }
}

#[test]
fn a_side_s_figures_are_those_of_all_its_jobs() {
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let mut whole = LatencyHistogram::default();
    let rounds: Vec<Round> = (0..4)
        .map(|number| {
            let mut response = LatencyHistogram::default();
            (0..500).for_each(|_| response.record(Duration::from_micros(random.random_range(10..9_000))));
            whole.merge(&response);
            Round { number, elapsed_s: 2.0, throughput_per_s: 250.0, response }
        })
        .collect();
    let first = rounds[0].response.percentiles();
    let side = Side::new(rounds.into_iter().rev().collect());
    assert_eq!(side.numbers(), [0, 1, 2, 3]);
    let resamples = Resamples::new(4, 1);
    for (metric, expected) in [(Metric::P50, 0.50), (Metric::P95, 0.95), (Metric::P99, 0.99)] {
        let drawn = side.draw(metric, &resamples).unwrap();
        let nanos = whole.quantile(expected).as_nanos() as f64;
        assert!((drawn.whole.exp() / nanos - 1.0).abs() < 1e-9, "{metric}");
    }
    let p99 = side.draw(Metric::P99, &resamples).unwrap();
    assert!((p99.rounds[0].exp() / (first.p99 * 1e3) - 1.0).abs() < 1e-9);
    assert!((side.draw(Metric::Throughput, &resamples).unwrap().ratio() - 250.0).abs() < 1e-9);
}

#[test]
fn one_bad_round_of_six_is_no_difference() {
    let drawn = |rounds: Vec<f64>| {
        let rounds: Vec<Round> = rounds
            .into_iter()
            .enumerate()
            .map(|(number, per_s)| Round {
                number: number as u32,
                elapsed_s: 1.0,
                throughput_per_s: per_s,
                response: {
                    let mut response = LatencyHistogram::default();
                    response.record(Duration::from_millis(1));
                    response
                },
            })
            .collect();
        Side::new(rounds).draw(Metric::Throughput, &Resamples::new(ROUNDS, 1)).unwrap()
    };
    let calm = drawn(vec![100.0, 101.0, 100.0, 99.0, 100.0, 101.0]);
    let hit = drawn(vec![100.0, 100.0, 50.0, 99.0, 101.0, 100.0]);
    let estimate = hit.over(&calm).estimate().unwrap();
    assert!(estimate.ratio() < 0.95 && estimate.p() > 0.05, "{estimate:?}");
    assert_eq!(judge(Metric::Throughput, &estimate, estimate.p(), 0.02), ComparisonVerdict::NotEnoughData);
}

#[test]
fn one_bad_round_of_six_hides_no_difference_of_percentiles() {
    let drawn = |millis: [f64; ROUNDS]| {
        let rounds = (0..).zip(millis).map(|(number, millis)| {
            let mut response = LatencyHistogram::default();
            (0..200).for_each(|_| response.record(Duration::from_secs_f64(millis / 1e3)));
            Round { number, elapsed_s: 1.0, throughput_per_s: 200.0, response }
        });
        Side::new(rounds.collect()).draw(Metric::P99, &Resamples::new(ROUNDS, 1)).unwrap()
    };
    let calm = drawn([1.00, 1.01, 0.99, 1.00, 1.02, 1.00]);
    let slower = drawn([1.10, 1.10, 1.09, 2.50, 1.13, 1.10]);
    let estimate = slower.over(&calm).estimate().unwrap();
    assert!((estimate.ratio() - 1.10).abs() < 0.01, "{estimate:?}");
    assert_eq!(judge(Metric::P99, &estimate, estimate.p(), 0.02), ComparisonVerdict::Slower);
    // The other way round: a bad round is no difference either.
    let hit = drawn([1.00, 1.00, 0.99, 2.50, 1.02, 1.01]);
    let estimate = hit.over(&calm).estimate().unwrap();
    assert!(!judge(Metric::P99, &estimate, estimate.p(), 0.02).is_different(), "{estimate:?}");
    // What it was by all rounds together is still told.
    assert!((hit.ratio() / 2.5e6 - 1.0).abs() < 0.01, "{}", hit.ratio());
}

#[test]
fn a_trimmed_mean_has_the_error_of_the_paper() {
    // Six rounds: the lowest and the highest set aside, winsorized to 2 and 5: s = 1.378405, times √(5 / (4 · 3)).
    let estimate = Estimate::of_typical(&[40.0, 2.0, 5.0, 3.0, 4.0, -9.0]).unwrap();
    assert!((estimate.log_ratio - 3.5).abs() < 1e-12, "{estimate:?}");
    assert!((estimate.error - 0.889_757).abs() < 1e-6, "{estimate:?}");
    assert!((estimate.freedom - 3.0).abs() < 1e-12, "{estimate:?}");
    // Four have none to spare: the ordinary mean and its error.
    let estimate = Estimate::of_typical(&[1.0, 2.0, 3.0, 6.0]).unwrap();
    assert!((estimate.log_ratio - 3.0).abs() < 1e-12 && (estimate.freedom - 3.0).abs() < 1e-12);
    assert!((estimate.error - (14.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12, "{estimate:?}");
}

#[test]
fn verdicts_need_both_significance_and_size() {
    let of = |log_ratio: f64, error: f64| Estimate { log_ratio, error, freedom: 5.0, chosen_from: 1 };
    let check = |estimate: Estimate, metric, expected: ComparisonVerdict| {
        assert_eq!(judge(metric, &estimate, estimate.p(), 0.02), expected, "{estimate:?}");
    };
    check(of(0.10, 0.01), Metric::Throughput, ComparisonVerdict::Faster);
    check(of(-0.10, 0.01), Metric::Throughput, ComparisonVerdict::Slower);
    check(of(0.10, 0.01), Metric::P99, ComparisonVerdict::Slower);
    check(of(-0.10, 0.01), Metric::P99, ComparisonVerdict::Faster);
    check(of(0.01, 0.001), Metric::P50, ComparisonVerdict::NoDifference);
    check(of(0.0, 0.0), Metric::P50, ComparisonVerdict::NoDifference);
    check(of(0.10, 0.10), Metric::P50, ComparisonVerdict::NotEnoughData);
    check(of(0.015, 0.005), Metric::P50, ComparisonVerdict::NotEnoughData);
    // Corrected for many comparisons, it may no longer be significant.
    assert_eq!(judge(Metric::P50, &of(0.10, 0.02), 0.2, 0.02), ComparisonVerdict::NotEnoughData);
}

#[test]
fn intervals_and_p_values_are_student_s() {
    // t = 2.5706 leaves 5 % on both sides at five degrees of freedom.
    let estimate = Estimate { log_ratio: 2.570_58, error: 1.0, freedom: 5.0, chosen_from: 1 };
    assert!((estimate.p() - 0.05).abs() < 1e-5, "{}", estimate.p());
    let [low, high] = Estimate { log_ratio: 0.0, error: 0.1, freedom: 5.0, chosen_from: 1 }.interval();
    assert!((high.ln() - 0.257_058).abs() < 1e-5 && (low * high - 1.0).abs() < 1e-12);
    // And 3.1634 leaves 2.5 %, where it was one of two.
    let estimate = Estimate { log_ratio: 3.163_38, error: 1.0, freedom: 5.0, chosen_from: 2 };
    assert!((estimate.p() - 0.05).abs() < 1e-5, "{}", estimate.p());
    let [low, high] = Estimate { log_ratio: 0.0, ..estimate }.interval();
    assert!((high.ln() - 3.163_38).abs() < 1e-4 && (low * high - 1.0).abs() < 1e-12, "{high}");
    let welch = Estimate::independent(
        Estimate { log_ratio: 1.0, error: 0.3, freedom: 5.0, chosen_from: 1 },
        Estimate { log_ratio: 0.5, error: 0.4, freedom: 5.0, chosen_from: 1 },
    );
    assert!((welch.error - 0.5).abs() < 1e-12 && (welch.log_ratio - 0.5).abs() < 1e-12);
    assert!((welch.freedom - 5.0 * 0.0625 / 0.0337).abs() < 1e-9, "{welch:?}");
}

#[test]
fn too_few_rounds_or_jobs_give_nothing() {
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let all = side(1.0, 0.0, 100, &mut random);
    let resamples = Resamples::new(ROUNDS, 1);
    assert!(all.draw(Metric::P99, &resamples).is_none(), "600 jobs");
    assert!(all.draw(Metric::P95, &resamples).is_some());
    let two = Drawn { metric: Metric::P50, whole: 0.0, rounds: vec![0.0, 0.0], resamples: vec![0.0] };
    assert!(two.estimate().is_none() && two.figure().is_none());
    assert_eq!(Drawn::mean(&[]), None);
    assert!(Side::new(Vec::new()).draw(Metric::P50, &Resamples::new(0, 1)).is_none());
}

#[test]
fn p_values_are_corrected_as_in_the_paper() {
    // Table 1 of Benjamini and Hochberg: of these fifteen, four are significant at 5 %.
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
        0.6528, 0.7590, 1.0,
    ];
    let adjusted = adjusted(&p);
    assert_eq!(adjusted.iter().filter(|p| **p <= 0.05).count(), 4);
    assert!((adjusted[3] - 0.0095 * 15.0 / 4.0).abs() < 1e-12);
}

proptest! {
    #[test]
    fn corrected_values_keep_their_order_and_never_fall(p in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
        let corrected = adjusted(&p);
        prop_assert_eq!(corrected.len(), p.len());
        for (at, value) in p.iter().enumerate() {
            prop_assert!(corrected[at] >= *value && corrected[at] <= 1.0);
            for (other, other_value) in p.iter().enumerate() {
                prop_assert!(value > other_value || corrected[at] <= corrected[other]);
            }
        }
    }

    #[test]
    fn the_ratio_of_swapped_sides_is_the_inverse(
        a in prop::collection::vec(1.0..1e6_f64, ROUNDS), b in prop::collection::vec(1.0..1e6_f64, ROUNDS),
        metric in prop::sample::select(&Metric::ALL[..]),
    ) {
        let drawn = |of: &[f64]| {
            let logs: Vec<f64> = of.iter().map(|value| value.ln()).collect();
            Drawn { metric, whole: logs.iter().sum::<f64>() / 6.0, rounds: logs.clone(), resamples: logs }
        };
        let (there, back) = (drawn(&a).over(&drawn(&b)), drawn(&b).over(&drawn(&a)));
        let (there, back) = (there.estimate().unwrap(), back.estimate().unwrap());
        prop_assert!((there.log_ratio + back.log_ratio).abs() < 1e-9);
        prop_assert!((there.interval()[0] * back.interval()[1] - 1.0).abs() < 1e-6);
        prop_assert!((there.p() - back.p()).abs() < 1e-9);
    }
}

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::*;

/// Runs a search against a server that is a function of the rate, and gives its end and the probes.
fn search(mut search: Search, mut holds: impl FnMut(f64) -> bool) -> (End, Vec<(Probe, bool)>) {
    let mut probes = Vec::new();
    loop {
        match search.probe() {
            Ok(probe) => {
                let held = holds(probe.rate_per_s);
                search.tell(if held { Outcome::Held } else { Outcome::Broken });
                probes.push((probe, held));
                assert!(probes.len() <= search.most_probes() as usize, "{probes:?}");
            }
            Err(end) => return (end, probes),
        }
    }
}

fn found(end: End) -> Found {
    match end {
        End::Found(found) => found,
        End::NotFound(why) => panic!("{why}"),
    }
}

#[test]
fn the_capacity_of_a_server_that_is_always_the_same_is_within_the_interval() {
    let mut random = Pcg64Mcg::seed_from_u64(1);
    for _ in 0..2_000 {
        let capacity = 10_f64.powf(random.random_range(0.0..6.0));
        // At most some 2^9 away, in either direction.
        let guess = capacity * 2_f64.powf(random.random_range(-9.0..9.0));
        let (precision, confirm) = (random.random_range(0.005..0.5), random.random_range(1..6));
        let holds = |rate: f64| rate <= capacity;
        let (end, probes) = search(Search::new(guess, 1e-3, precision, confirm), holds);
        let Found { rate_per_s, interval: [low, high], confirmed } = found(end);
        assert!(low <= capacity && capacity < high, "{capacity} is not in {low}..{high}");
        assert!((rate_per_s - low).abs() < f64::EPSILON && high / low <= (1.0 + precision) * 1.000_001);
        assert_eq!((confirmed.held, confirmed.of), (confirm, confirm));
        let again = |rate: f64| {
            let is_it = |probe: &Probe| {
                probe.purpose == Purpose::Confirm && (probe.rate_per_s / rate - 1.0).abs() < 1e-9
            };
            probes.iter().filter(|(probe, _)| is_it(probe)).count()
        };
        assert_eq!((again(low), again(high)), (confirm as usize, confirm as usize / 2 + 1), "of {confirm}");
    }
}

#[test]
fn a_noisy_server_is_searched_to_an_end_near_its_capacity() {
    let mut random = Pcg64Mcg::seed_from_u64(2);
    let (mut near, searches) = (0, 500);
    for _ in 0..searches {
        let capacity = random.random_range(10.0..10_000.0);
        // Each probe sees a server up to a tenth faster or slower.
        let holds = |rate: f64| rate <= capacity * random.random_range(0.9..1.1);
        let (end, _) = search(Search::new(capacity * 1.3, 1e-3, 0.05, 3), holds);
        if let End::Found(found) = end {
            assert!(found.confirmed.held * 2 > found.confirmed.of);
            assert!(found.rate_per_s <= capacity * 1.1, "no rate above that held, ever");
            near += u32::from((found.rate_per_s / capacity - 1.0).abs() <= 0.2);
        }
    }
    assert!(near * 100 >= searches * 98, "{near} of {searches}");
}

#[test]
fn it_ends_whatever_it_is_told() {
    for seed in 0..2_000 {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let share = random.random_range(0.0..1.0);
        let start = Search::new(100.0, random.random_range(0.01..50.0), random.random_range(0.001..1.0), 3);
        let (end, probes) = search(start, |_| random.random_bool(share));
        let lowest_broken = |found: Found| {
            let broken = probes.iter().filter(|(_, held)| !held).map(|(probe, _)| probe.rate_per_s);
            broken.filter(|rate| *rate > found.rate_per_s).fold(f64::INFINITY, f64::min)
        };
        if let End::Found(found) = end {
            assert!(found.interval[1] <= lowest_broken(found), "{probes:?}");
        }
    }
}

#[test]
fn a_rate_that_was_luck_is_given_up_for_a_lower_one() {
    // 100 holds once and never again; the truth is 80.
    let mut first = true;
    let holds = |rate: f64| rate <= 80.0 || (rate <= 100.0 && std::mem::take(&mut first));
    let (end, probes) = search(Search::new(100.0, 0.1, 0.05, 3), holds);
    let Found { interval: [low, high], .. } = found(end);
    assert!(low <= 80.0 && 80.0 < high && high <= 84.0, "{low}..{high}: {probes:?}");
    let at_100 =
        probes.iter().filter(|(probe, _)| probe.purpose == Purpose::Confirm && probe.rate_per_s > 81.0);
    assert_eq!(at_100.count(), 2, "two of three broken are a majority; the third would change nothing");
}

#[test]
fn a_rate_that_was_disturbed_is_found_to_hold() {
    // The truth is 110. The first three probes are disturbed, whatever their rate.
    let mut disturbed = 3;
    let holds = |rate: f64| {
        let is_quiet = disturbed == 0;
        disturbed = u32::saturating_sub(disturbed, 1);
        is_quiet && rate <= 110.0
    };
    let (end, probes) = search(Search::new(100.0, 0.1, 0.05, 3), holds);
    let Found { interval: [low, high], .. } = found(end);
    assert!(low <= 110.0 && 110.0 < high && high <= low * 1.051, "{low}..{high}: {probes:?}");
}

#[test]
fn where_nothing_is_found_it_says_why() {
    let end = |slowest: f64, holds: fn(f64) -> bool| search(Search::new(1_024.0, slowest, 0.05, 3), holds).0;
    assert_eq!(end(0.5, |_| false), End::NotFound(NotFound::Nowhere { lowest_per_s: 1.0 }));
    assert_eq!(end(20.0, |_| false), End::NotFound(NotFound::TooSlow { slowest_per_s: 20.0 }));
    assert_eq!(end(4_096.0, |_| false), End::NotFound(NotFound::TooSlow { slowest_per_s: 4_096.0 }));
    let highest = End::NotFound(NotFound::Everywhere { highest_per_s: 1_048_576.0 });
    assert_eq!(end(0.5, |_| true), highest);
    let mut before = std::collections::HashSet::new();
    // What held breaks when it is tried again, and what broke holds.
    let (end, _) = search(Search::new(1_024.0, 1e-6, 0.05, 1), |rate| {
        let is_new = before.insert(rate.to_bits());
        (rate < 300.0) == is_new
    });
    let End::NotFound(why @ NotFound::Unconfirmed { times: REFUTED, .. }) = end else { panic!("{end:?}") };
    assert!(why.to_string().contains("5 rates held once and broke"), "{why}");
}

#[test]
fn what_a_job_does_alone_ends_the_search_once_jobs_come_seldom() {
    let mut search = Search::new(1_000.0, 1.0, 0.05, 3);
    for rate in [1_000.0, 500.0, 250.0] {
        assert_eq!(search.probe(), Ok(Probe { rate_per_s: rate, purpose: Purpose::Bracket }));
        search.tell(Outcome::BrokenAlone);
    }
    let Err(End::NotFound(why @ NotFound::Hopeless { .. })) = search.probe() else { panic!("{search:?}") };
    assert!(why.to_string().contains("even at 250.0 jobs/s"), "{why}");
    // Where a lower rate held, it was chance.
    let mut search = Search::new(1_000.0, 1.0, 1.0, 3);
    for outcome in [Outcome::Broken, Outcome::Broken, Outcome::Broken, Outcome::Held, Outcome::BrokenAlone] {
        search.tell(outcome);
    }
    assert_eq!(search.probe(), Ok(Probe { rate_per_s: 125.0, purpose: Purpose::Confirm }));
}

#[test]
fn the_slowest_rate_that_can_be_judged_is_tried() {
    let (end, probes) = search(Search::new(100.0, 60.0, 0.05, 1), |rate| rate <= 61.0);
    assert_eq!(probes[1].0, Probe { rate_per_s: 60.0, purpose: Purpose::Bracket });
    let Found { interval: [low, high], .. } = found(end);
    assert!(low <= 61.0 && 61.0 < high, "{low}..{high}");
}

#[test]
fn what_is_told_after_the_end_changes_nothing() {
    let mut done = Search::new(1.0, 1.0, 0.05, 1);
    done.tell(Outcome::Broken);
    let end = done.probe();
    assert!(end.is_err());
    done.tell(Outcome::Held);
    assert_eq!(done.probe(), end);
}

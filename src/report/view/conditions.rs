//! The conditions under which a cell was measured: whether it had settled, which rounds stand apart, and what else the
//! machine did.

use crate::record::Measurement;
use crate::stats::{Machine, ServiceSeries, SteadyState, Summary, median};

use super::cell::ENOUGH_FOR_P99;

/// Above this part of the machine's processor time other programs take part in what is measured.
pub(super) const OTHERS: f64 = 0.05;
/// The same for other guests of the hypervisor.
pub(super) const STEAL: f64 = 0.01;
/// Fewer rounds have no usual figure that one of them could stand apart from.
const ENOUGH_ROUNDS: usize = 5;
/// Robust standard deviations from the median beyond which a round stands apart.
const FAR: f64 = 3.5;
/// How many times as much or as little it must be as well.
const FAR_AT_LEAST: f64 = 1.05;
/// The standard deviation of a normal distribution as a multiple of its median absolute deviation.
const NORMAL: f64 = 1.4826;

/// Over the good rounds of a cell. What no round tells is absent.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Conditions {
    /// When service time settled; absent too where hostile jobs are there to move it.
    pub steady: Option<SteadyState>,
    /// Rounds that stand apart from the others.
    pub outliers: Vec<Outlier>,
    /// The most that other programs took in a round, as a part of the machine's processor time.
    pub others_cpu: Option<f64>,
    /// The most that the hypervisor gave to other guests in a round, as a part of the same.
    pub steal: Option<f64>,
    /// Seconds for which the control group's quota held processors back, in all rounds.
    pub throttled_s: Option<f64>,
    /// Times that a core was slowed down because of heat, in all rounds.
    pub heat_events: Option<u64>,
    /// Median time of the yardstick, microseconds.
    pub yardstick_us: Option<f64>,
}

/// A round that stands apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Outlier {
    /// From 0.
    pub round: u32,
    /// What of it does.
    pub figure: &'static str,
    /// How many times the median over the rounds it is.
    pub ratio: f64,
}

impl Outlier {
    /// How far from the median, as much or as little of it.
    pub fn distance(&self) -> f64 {
        self.ratio.ln().abs()
    }
}

impl Conditions {
    pub(super) fn of(rounds: &[(&Measurement, &Summary)]) -> Self {
        let machines: Vec<&Machine> =
            rounds.iter().filter_map(|(_, summary)| summary.machine.as_ref()).collect();
        // To this program a server on the same machine is one of the others.
        let are_here = rounds.iter().all(|(measurement, _)| measurement.isolation.is_here());
        let most =
            |figure: fn(&Machine) -> Option<f64>| machines.iter().filter_map(|m| figure(m)).reduce(f64::max);
        let yardsticks = machines.iter().flat_map(|machine| machine.yardstick_us).filter(|us| *us > 0.0);
        let calm = || rounds.iter().filter(|(measurement, _)| measurement.plan.hostile <= 0.0);
        let series = ServiceSeries::median(calm().filter_map(|(_, summary)| summary.steady.as_ref()));
        Self {
            steady: series.and_then(|series| series.judge()),
            outliers: outliers(&calm().copied().collect::<Vec<_>>()),
            others_cpu: most(|machine| machine.others_cpu).filter(|_| are_here),
            steal: most(|machine| machine.steal),
            throttled_s: machines.iter().filter_map(|m| m.throttled_s).reduce(|sum, seconds| sum + seconds),
            heat_events: machines.iter().filter_map(|m| m.heat_events).reduce(|sum, events| sum + events),
            yardstick_us: median(yardsticks),
        }
    }

    /// Whether anything is known of them.
    pub fn are_known(&self) -> bool {
        self.steady.is_some() || self.others_cpu.is_some() || self.yardstick_us.is_some()
    }

    /// Whether something else had a hand in the figures: other programs, other guests, a quota, heat.
    pub(super) fn are_disturbed(&self) -> bool {
        let beyond = |share: Option<f64>, limit: f64| share.is_some_and(|share| share > limit);
        let heat = self.heat_events.map(|events| events as f64);
        beyond(self.others_cpu, OTHERS)
            || beyond(self.steal, STEAL)
            || beyond(self.throttled_s, 0.0)
            || beyond(heat, 0.0)
    }
}

fn outliers(rounds: &[(&Measurement, &Summary)]) -> Vec<Outlier> {
    let of = |name: &'static str, figure: fn(&Summary) -> f64| {
        apart(&rounds.iter().map(|(_, summary)| figure(summary)).collect::<Vec<_>>())
            .into_iter()
            .map(move |(place, ratio)| Outlier { round: rounds[place].0.round, figure: name, ratio })
    };
    let mut outliers: Vec<Outlier> = of("throughput", |summary| summary.throughput_per_s).collect();
    if rounds.iter().all(|(_, summary)| summary.submitted >= ENOUGH_FOR_P99) {
        outliers.extend(of("p99", |summary| summary.response_us.p99));
    }
    // Of a round whose figures both do, the farther one.
    outliers.sort_by(|a, b| a.round.cmp(&b.round).then(b.distance().total_cmp(&a.distance())));
    outliers.dedup_by_key(|outlier| outlier.round);
    outliers
}

/// The places of figures that stand apart from the others, and how many times their median they are. Figures are held
/// against one another by their ratios; none does where one is not above nought.
fn apart(figures: &[f64]) -> Vec<(usize, f64)> {
    if figures.len() < ENOUGH_ROUNDS || figures.iter().any(|figure| *figure <= 0.0) {
        return Vec::new();
    }
    let logs: Vec<f64> = figures.iter().map(|figure| figure.ln()).collect();
    let middle = median(logs.iter().copied()).unwrap_or_default();
    let usual = median(logs.iter().map(|log| (log - middle).abs())).unwrap_or_default() * NORMAL;
    let is_far = |away: f64| away > FAR * usual && away > FAR_AT_LEAST.ln();
    let all = logs.iter().enumerate().filter(|(_, log)| is_far((*log - middle).abs()));
    all.map(|(place, log)| (place, (log - middle).exp())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_apart_when_it_is_far_beyond_what_is_usual_and_by_a_twentieth() {
        let usual = [100.0, 101.0, 99.0, 100.5, 99.5];
        let with = |last: f64| apart(&[&usual[..], &[last]].concat());
        assert_eq!(with(100.2), []);
        // The usual deviation is about 1 %: 3.5 of those are less than a twentieth.
        assert_eq!(with(104.9), []);
        let [(5, ratio)] = with(106.0)[..] else { panic!("{:?}", with(106.0)) };
        assert!((ratio - 1.057).abs() < 0.002, "{ratio}");
        assert_eq!(with(60.0).len(), 1);
        assert_eq!(apart(&[100.0, 120.0, 80.0, 110.0, 90.0, 140.0]), [], "nothing is usual here");
        assert_eq!(apart(&[100.0, 100.0, 100.0, 60.0]), [], "too few");
        let equal_but_for_one = apart(&[100.0, 100.0, 100.0, 60.0, 100.0]);
        assert!(matches!(equal_but_for_one[..], [(3, ratio)] if (ratio - 0.6).abs() < 1e-9));
        assert_eq!(apart(&[100.0, 0.0, 100.0, 60.0, 100.0]), []);
    }

    #[test]
    fn beyond_its_limit_a_disturbance_counts_and_at_it_it_does_not() {
        let quiet = Conditions {
            others_cpu: Some(0.05),
            steal: Some(0.01),
            throttled_s: Some(0.0),
            heat_events: Some(0),
            ..Conditions::default()
        };
        assert!(!quiet.are_disturbed() && !Conditions::default().are_disturbed());
        for disturbed in [
            Conditions { others_cpu: Some(0.051), ..quiet.clone() },
            Conditions { steal: Some(0.011), ..quiet.clone() },
            Conditions { throttled_s: Some(0.001), ..quiet.clone() },
            Conditions { heat_events: Some(1), ..quiet.clone() },
        ] {
            assert!(disturbed.are_disturbed(), "{disturbed:?}");
        }
    }
}

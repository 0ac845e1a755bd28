//! Whether the conditions under which a run was measured are possible ones.

use crate::stats::{Machine, ServiceIntervals, ServiceSeries, Summary};

/// What is wrong with the series of service times and with what the machine did, a line each.
pub(super) fn complaints(summary: &Summary) -> Vec<String> {
    let series = summary.steady.as_ref().and_then(complaint_of_series);
    series.into_iter().chain(summary.machine.as_ref().and_then(complaint_of_machine)).collect()
}

fn complaint_of_series(series: &ServiceSeries) -> Option<String> {
    let ServiceIntervals { every_s, mean_us, finished } = &series.intervals;
    let possible = |figure: &f64| figure.is_finite() && *figure >= 0.0;
    if mean_us.len() != finished.len() {
        return Some(format!("{} mean service times, {} counts of jobs", mean_us.len(), finished.len()));
    }
    if *every_s <= 0.0 || !possible(every_s) || !possible(&series.warmup_s) {
        return Some(format!("a warm-up of {} s in intervals of {every_s} s", series.warmup_s));
    }
    let wrong = mean_us.iter().find(|mean| !possible(mean))?;
    Some(format!("a mean service time of {wrong} µs"))
}

fn complaint_of_machine(machine: &Machine) -> Option<String> {
    let Machine { others_cpu, steal, throttled_s, yardstick_us, .. } = machine;
    let shares = [("others took", others_cpu), ("the hypervisor took", steal)];
    let beyond =
        shares.into_iter().find_map(|(who, share)| Some((who, share.filter(|s| !(0.0..=1.0).contains(s))?)));
    if let Some((who, share)) = beyond {
        return Some(format!("{who} {share} of the processor time"));
    }
    if let Some(seconds) = throttled_s.filter(|seconds| *seconds < 0.0) {
        return Some(format!("throttled for {seconds} s"));
    }
    let wrong = yardstick_us.iter().find(|us| !(us.is_finite() && **us >= 0.0))?;
    Some(format!("a yardstick of {wrong} µs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_possible_is_whole_and_what_is_not_is_named() {
        let series = ServiceSeries {
            warmup_s: 1.0,
            intervals: ServiceIntervals { every_s: 0.1, mean_us: vec![1.0, 0.0], finished: vec![1, 0] },
        };
        assert_eq!(complaint_of_series(&series), None);
        let wrong = |change: fn(&mut ServiceSeries), expected: &str| {
            let mut series = series.clone();
            change(&mut series);
            assert_eq!(complaint_of_series(&series).as_deref(), Some(expected));
        };
        wrong(|s| s.intervals.finished = vec![1], "2 mean service times, 1 counts of jobs");
        wrong(|s| s.intervals.every_s = 0.0, "a warm-up of 1 s in intervals of 0 s");
        wrong(|s| s.warmup_s = -1.0, "a warm-up of -1 s in intervals of 0.1 s");
        wrong(|s| s.intervals.mean_us[0] = -2.0, "a mean service time of -2 µs");

        let machine = Machine { others_cpu: Some(1.0), steal: Some(0.0), ..Machine::default() };
        assert_eq!(complaint_of_machine(&machine), None);
        let wrong =
            |machine, expected: &str| assert_eq!(complaint_of_machine(&machine).as_deref(), Some(expected));
        wrong(Machine { steal: Some(1.5), ..machine }, "the hypervisor took 1.5 of the processor time");
        wrong(Machine { others_cpu: Some(-0.5), ..machine }, "others took -0.5 of the processor time");
        wrong(Machine { throttled_s: Some(-1.0), ..machine }, "throttled for -1 s");
        wrong(Machine { yardstick_us: [1.0, -1.0], ..machine }, "a yardstick of -1 µs");
    }
}

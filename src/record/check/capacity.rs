//! Whether rows of capacity follow from the rates that were tried.

use crate::capacity::{Purpose, Slo};
use crate::record::{Capacity, CurvePoint, RunRecord};

/// Two rates that differ by less, as a part, are written differently.
const ROUNDING: f64 = 1e-9;

/// One line for each contradiction.
pub(super) fn complaints(record: &RunRecord) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, row) in record.capacity.iter().enumerate() {
        let Capacity { engine, workload, isolation, workers, slo, .. } = row;
        let mut complain = |what: String| {
            wrong.push(format!(
                "capacity {number} ({engine}, {workload}, {isolation}, {workers} workers, {slo}): {what}"
            ));
        };
        if record.capacity[..number].iter().any(|known| known.is_same_row(row)) {
            complain("is there already".to_owned());
        }
        match row.slo.parse() {
            Ok(slo) => row.curve.iter().for_each(|point| check_point(point, &slo, &mut complain)),
            Err(error) => complain(format!("its objective: {error}")),
        }
        match (row.rate_per_s, &row.why) {
            (Some(rate), None) => check_rate(row, rate, &mut complain),
            (None, Some(_)) if row.interval.is_some() || row.confirmed.is_some() => {
                complain("has no rate, but an interval or confirmations of it".to_owned());
            }
            (None, Some(_)) => {}
            (Some(_), Some(_)) => complain("has both a rate and a reason why there is none".to_owned()),
            (None, None) => complain("has neither a rate nor a reason why there is none".to_owned()),
        }
    }
    wrong
}

fn check_point(point: &CurvePoint, slo: &Slo, complain: &mut impl FnMut(String)) {
    let CurvePoint { rate_per_s, held, broken_by, .. } = point;
    if *held != broken_by.is_empty() {
        complain(format!("at {rate_per_s}/s it held: {held}, for {} reasons against it", broken_by.len()));
    }
    match &point.figures {
        Some(figures) => {
            let breaches = slo.response_breaches(&figures.response_us());
            if let Some(breach) = breaches.first().filter(|_| *held) {
                complain(format!("at {rate_per_s}/s it held, but {breach}"));
            }
            if figures.errors > figures.submitted {
                complain(format!("at {rate_per_s}/s {} jobs, {} errors", figures.submitted, figures.errors));
            }
        }
        None if *held => complain(format!("at {rate_per_s}/s it held, and was not measured")),
        None => {}
    }
}

fn check_rate(row: &Capacity, rate: f64, complain: &mut impl FnMut(String)) {
    let (Some([low, high]), Some(confirmed)) = (row.interval, row.confirmed) else {
        return complain("has a rate without an interval or confirmations".to_owned());
    };
    if !(is_rate(low, rate) && low < high) {
        complain(format!("{rate}/s does not begin an interval from {low} to {high}"));
    }
    let at = |rate: f64| row.curve.iter().filter(move |point| is_rate(point.rate_per_s, rate));
    if !at(low).any(|point| point.held) {
        complain(format!("nothing held at {low}/s"));
    }
    if !at(high).any(|point| !point.held) {
        complain(format!("nothing broke at {high}/s"));
    }
    let again_at = |rate: f64| -> Vec<bool> {
        at(rate).filter(|point| point.purpose == Purpose::Confirm).map(|point| point.held).collect()
    };
    let doubted = again_at(high);
    if doubted.iter().filter(|held| **held).count() * 2 > confirmed.of as usize {
        complain(format!("{high}/s is to have broken, but held in most of {} further tries", doubted.len()));
    }
    let again = again_at(low);
    let held = again.iter().filter(|held| **held).count();
    if (held, again.len()) != (confirmed.held as usize, confirmed.of as usize) {
        complain(format!(
            "confirmed {} of {} times, but it held {held} of {}",
            confirmed.held,
            confirmed.of,
            again.len()
        ));
    } else if held * 2 <= again.len() {
        complain(format!("found, but it held only {held} of {} times again", again.len()));
    }
}

fn is_rate(one: f64, other: f64) -> bool {
    (one - other).abs() <= ROUNDING * other.abs()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::{BuildFacts, HostFacts};

    fn point(rate: f64, purpose: &str, p99_us: f64) -> Value {
        let broken_by = if p99_us < 50_000.0 { json!([]) } else { json!(["p99 was too long"]) };
        json!({"rate_per_s": rate, "purpose": purpose, "held": p99_us < 50_000.0, "broken_by": broken_by,
               "duration_s": 2.0, "seed": 1, "achieved_per_s": rate, "submitted": 2_000, "errors": 0,
               "pacer_p99_us": 60.0, "p50_us": 900.0, "p90_us": 1_000.0, "p95_us": 1_100.0, "p99_us": p99_us,
               "p999_us": 90_000.0, "max_us": 90_000.0, "mean_us": 950.0})
    }

    fn row() -> Value {
        json!({"engine": "quickjs", "workload": "seed/fib", "isolation": "thread", "reuse": "keep", "workers": 2,
               "slo": "p99<50ms", "spacing": "poisson", "warmup_s": 0.5, "duration_s": 2.0, "precision": 0.05,
               "closed_loop_per_s": 1_040.0, "rate_per_s": 1_000.0, "interval": [1_000.0, 1_040.0],
               "confirmed": {"held": 1, "of": 1},
               "curve": [point(1_040.0, "bracket", 70_000.0), point(1_000.0, "bracket", 20_000.0),
                         point(1_000.0, "confirm", 21_000.0)]})
    }

    fn complaints_of(rows: Vec<Value>) -> Vec<String> {
        let record: RunRecord = serde_json::from_value(json!({
            "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
            "host": HostFacts::default(), "build": BuildFacts::read(), "capacity": rows,
        }))
        .unwrap();
        complaints(&record)
    }

    #[track_caller]
    fn wrong(change: impl Fn(&mut Value), expected: &str) {
        let mut row = row();
        change(&mut row);
        let complaints = complaints_of(vec![row]);
        assert!(complaints.iter().any(|line| line.contains(expected)), "{expected}: {complaints:?}");
        assert!(complaints.iter().all(|line| line.starts_with("capacity 0 (quickjs, seed/fib, thread, 2")));
    }

    #[test]
    fn a_row_that_follows_from_its_curve_is_whole() {
        let mut without = row();
        without["workers"] = 4.into();
        for field in ["rate_per_s", "interval", "confirmed"] {
            without[field] = Value::Null;
        }
        without["why"] = "it does not hold".into();
        without["curve"] = json!([{"rate_per_s": 1.0, "purpose": "bracket", "held": false,
                                   "broken_by": ["signal 6"], "duration_s": 2.0, "seed": 1}]);
        assert_eq!(complaints_of(vec![row(), without]), Vec::<String>::new());
        let twice = complaints_of(vec![row(), row()]);
        assert!(twice.len() == 1 && twice[0].ends_with("is there already"), "{twice:?}");
    }

    #[test]
    fn what_does_not_follow_is_told() {
        wrong(|row| row["why"] = "x".into(), "both a rate and a reason");
        wrong(|row| row["rate_per_s"] = Value::Null, "neither a rate nor a reason");
        wrong(|row| row["interval"] = Value::Null, "a rate without an interval");
        wrong(|row| row["slo"] = "p99<50".into(), "its objective: `50` is no time");
        wrong(|row| row["interval"] = json!([1_000.0, 900.0]), "does not begin an interval");
        wrong(|row| row["rate_per_s"] = 1_010.0.into(), "does not begin an interval");
        wrong(|row| row["interval"] = json!([1_000.0, 1_050.0]), "nothing broke at 1050/s");
        wrong(|row| row["curve"][2]["rate_per_s"] = 990.0.into(), "it held 0 of 0");
        wrong(
            |row| row["confirmed"] = json!({"held": 2, "of": 3}),
            "confirmed 2 of 3 times, but it held 1 of 1",
        );
        wrong(|row| row["curve"][1]["held"] = false.into(), "it held: false, for 0 reasons");
        wrong(|row| row["curve"][1]["p99_us"] = 51_000.0.into(), "held, but p99 was 51.000 ms");
        wrong(|row| row["curve"][0]["errors"] = 3_000.into(), "2000 jobs, 3000 errors");
        let unconfirmed = |row: &mut Value| {
            row["curve"][2] = point(1_000.0, "confirm", 60_000.0);
            row["confirmed"] = json!({"held": 0, "of": 1});
        };
        wrong(unconfirmed, "held only 0 of 1 times again");
        let doubted = |row: &mut Value| {
            row["curve"].as_array_mut().unwrap().push(point(1_040.0, "confirm", 30_000.0));
        };
        wrong(doubted, "1040/s is to have broken, but held in most of 1 further tries");
        let without = |row: &mut Value| {
            row["rate_per_s"] = Value::Null;
            row["why"] = "x".into();
        };
        wrong(without, "no rate, but an interval");
        let unmeasured = |row: &mut Value| {
            row["curve"][1].as_object_mut().unwrap().remove("submitted");
        };
        wrong(unmeasured, "it held, and was not measured");
    }
}

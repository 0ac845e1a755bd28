//! One fixed record for the tests of every page, with all that can go wrong in it.
//!
//! It is made from JSON in the record's own form, so that fields added to the record leave it as it is.

mod ablation;
mod calibration;
mod capacity;
mod compared;
mod cost;
mod hostile;
mod other_tools;
mod verdict_rates;

pub(super) use ablation::{ablation, die, row as ablation_row, set};
pub(super) use calibration::calibration;
pub(super) use capacity::capacity;
pub(super) use compared::compared;
pub(super) use cost::cost;
pub(super) use hostile::{hostile, measured_and_hostile, row as hostile_row};
pub(super) use other_tools::other_tools;
pub(super) use verdict_rates::verdict_rates;

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::json;

use crate::record::{Measurement, RunRecord};
use crate::stats::{LatencyHistogram, Machine, ServiceIntervals, ServiceSeries};

/// What a guest writes who means no good.
pub(super) const HOSTILE: &str =
    "exception: <script>alert(1)</script> | \"a\",\n<img src=x onerror=alert(2)> \u{1b}[31m";

/// An engine's entry in the record.
fn engine(id: &str, jit: bool) -> serde_json::Value {
    json!({"id": id, "info": {
        "id": id, "engine_version": format!("{id} 1.2"), "binding_version": format!("{id}-rs 0.3"), "thread_stack": 4_194_304,
        "capabilities": {"interruption": "full", "heap_limit": true, "heap_stats": true, "reset_in_place": false,
                         "jit": jit, "wasm": false, "timers": true},
        "notes": ["Made up for tests."]}})
}

/// Three engines, one more that is not built, four workloads, two isolations, two rounds.
pub(super) fn record() -> RunRecord {
    static RECORD: LazyLock<RunRecord> = LazyLock::new(make);
    RECORD.clone()
}

fn make() -> RunRecord {
    let workload = |name: &str, why: &str| json!({"name": name, "kind": "javascript", "why": why, "hash": format!("hash of {name}")});
    let mut record: RunRecord = serde_json::from_value(json!({
        "schema": 1, "created": "2026-11-23T20:00:00Z", "seed": 1,
        "command": ["compare", "--rounds", "2", "--out", "<dir>"],
        "host": {"os": "Linux 13", "kernel": "6.12", "arch": "x86_64", "cpu": "Made-up CPU", "cores": 4,
                 "memory_bytes": 8_589_934_592_u64, "governor": "powersave", "virtualised": true},
        "build": {"jsarena": "0.1.0", "rustc": "rustc 1.95.0", "target": "x86_64-unknown-linux-gnu", "profile": "release",
                  "opt_level": "3", "features": ["alpha", "beta", "gamma"], "crates": ["alpha 1.2.3"]},
        "engines": [engine("alpha", true), engine("beta", false), engine("gamma", false),
                    {"id": "delta", "missing": "not built: the feature `delta` is off"}],
        "workloads": [workload("demo/one", "The smallest job there is."), workload("demo/two", "Kills an engine."),
                      workload("demo/three", "Fails in odd ways; why | it <b>matters</b>."), workload("demo/four", "Runs long.")],
        "noise_floor": {"engine": "alpha", "workload": "demo/one", "isolation": "thread", "pairs": 2,
                        "throughput": 0.04, "p50": 0.05, "p99": 0.12},
    }))
    .expect("the fixture has the record's form");
    for round in 0..2 {
        for (isolation, slower) in [("thread", 1.0), ("task", 4.0)] {
            for (workload, micros, jobs) in [
                ("demo/one", 10.0, 6_000),
                ("demo/two", 40.0, 3_000),
                ("demo/three", 90.0, 2_000),
                ("demo/four", 900.0, 400),
            ] {
                for (engine, factor) in [("alpha", 1.0), ("beta", 1.03), ("gamma", 7.5)] {
                    let micros = micros * slower * factor * (1.0 + 0.02 * f64::from(round));
                    record.measurements.push(measurement(engine, workload, isolation, round, micros, jobs));
                }
            }
        }
    }
    spoil(&mut record);
    let mut again = record.measurements[0].clone();
    again.label = Some("A/A".to_owned());
    record.measurements.push(again);
    record
}

/// What goes wrong.
fn spoil(record: &mut RunRecord) {
    for m in &mut record.measurements {
        let place = (m.engine.as_str(), m.workload.as_str(), m.isolation.as_str(), m.round);
        let summary = m.summary.as_mut().expect("nothing failed yet");
        match place {
            ("beta", "demo/two", "thread", _) => {
                m.summary = None;
                m.error = Some("signal 11 (SIGSEGV)".to_owned());
            }
            ("gamma", "demo/three", "thread", 1) => {
                m.summary = None;
                m.error = Some(HOSTILE.to_owned());
            }
            ("gamma", "demo/three", "task", _) => {
                summary.outcomes.ok -= 12;
                summary.outcomes.exception += 7;
                summary.outcomes.timeout += 5;
                summary.wrong_answers = 3;
                summary.panics = 1;
                summary.restarts = 2;
                summary.lost_workers = 1;
                summary.failures = vec![HOSTILE.to_owned()];
            }
            ("alpha", "demo/one", "task", _) => summary.cpu_s.generator = 0.4,
            ("alpha", "demo/one", "thread", _) => {
                summary.steady = Some(series(|at| if at < 0.4 { 1.5 } else { 1.0 }));
                summary.machine = Some(Machine {
                    others_cpu: Some(0.21),
                    steal: Some(0.004),
                    yardstick_us: [500.0, 502.0],
                    ..Machine::default()
                });
            }
            _ => {}
        }
    }
}

/// A good measurement: `jobs` jobs of about `micros` each on two workers, with a tail.
pub(super) fn measurement(
    engine: &str,
    workload: &str,
    isolation: &str,
    round: u32,
    micros: f64,
    jobs: u32,
) -> Measurement {
    let (mut response, mut service) = (LatencyHistogram::default(), LatencyHistogram::default());
    for job in 0..jobs {
        let tail = match job {
            _ if job % 1_000 == 999 => 20.0,
            _ if job % 100 == 99 => 5.0,
            _ => 1.0 + f64::from(job % 100) / 200.0,
        };
        service.record(Duration::from_nanos((micros * tail * 1e3) as u64));
        response.record(Duration::from_nanos((micros * (tail + 0.5) * 1e3) as u64));
    }
    let elapsed = f64::from(jobs) * micros / 2.0 / 1e6;
    let mut summary = json!({
        "submitted": jobs, "wrong_answers": 0, "throughput_per_s": f64::from(jobs) / elapsed, "elapsed_s": elapsed,
        "outcomes": {"ok": jobs, "exception": 0, "timeout": 0, "out_of_memory": 0, "stack_overflow": 0, "invalid_result": 0,
                     "panic": 0, "crash": 0, "rejected": 0, "circuit_open": 0, "cancelled": 0},
        "response_us": response.percentiles(), "service_us": service.percentiles(),
        "response_histogram": response.encode(), "service_histogram": service.encode(),
        "panics": 0, "restarts": 0, "retries": 0, "lost_workers": 0, "recycled": 3,
        "rss_bytes": {"start": 30_000_000, "end": 34_000_000 + u64::from(round) * 1_000_000, "peak": 40_000_000},
        "cpu_s": {"workers": 1.9, "generator": 0.1},
    });
    summary["queue_depth"] = json!({"mean": 2.5, "max": 6});
    summary["tokio_blocking"] = json!({"threads_max": 2, "queue_max": 0});
    let reuse = if isolation == "task" { "fresh" } else { "keep" };
    serde_json::from_value(json!({
        "engine": engine, "workload": workload, "isolation": isolation, "reuse": reuse, "workers": 2, "round": round,
        "plan": {"arrivals": {"closed": {"concurrency": 8}}, "warmup_s": 1.0, "duration_s": 5.0, "seed": round},
        "summary": summary,
    }))
    .expect("the fixture has the record's form")
}

/// A second of warm-up and four on the clock in a hundred intervals: the mean service time is 10 µs times the level at
/// that part of the time.
pub(super) fn series(level: impl Fn(f64) -> f64) -> ServiceSeries {
    let mean_us = (0..100).map(|place| 10.0 * level(f64::from(place) / 100.0)).collect();
    ServiceSeries {
        warmup_s: 1.0,
        intervals: ServiceIntervals { every_s: 0.05, mean_us, finished: vec![60; 100] },
    }
}

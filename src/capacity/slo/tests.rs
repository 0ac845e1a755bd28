use super::*;
use crate::executor::OutcomeCounts;
use crate::stats::{CpuTime, LatencyHistogram, MemoryUse, QueueDepth};

const SECOND: Duration = Duration::from_secs(1);

/// A run of a second in which these jobs were answered, each after its milliseconds.
fn run(answered_ms: impl IntoIterator<Item = u64>) -> Summary {
    let mut response = LatencyHistogram::default();
    answered_ms.into_iter().for_each(|ms| response.record(Duration::from_millis(ms)));
    let jobs = response.len();
    Summary {
        submitted: jobs,
        wrong_answers: 0,
        throughput_per_s: jobs as f64,
        offered_per_s: Some(jobs as f64),
        elapsed_s: 1.001,
        outcomes: OutcomeCounts { ok: jobs, ..OutcomeCounts::default() },
        failures: Vec::new(),
        response_us: response.percentiles(),
        service_us: Percentiles { max: 1_000.0, ..Percentiles::default() },
        response_histogram: response.encode(),
        service_histogram: response.encode(),
        pacer_lateness_us: None,
        panics: 0,
        restarts: 0,
        retries: 0,
        lost_workers: 0,
        recycled: 0,
        rss_bytes: MemoryUse::default(),
        cpu_s: CpuTime::default(),
        queue_depth: QueueDepth::default(),
        tokio_blocking: Default::default(),
        intervals: Vec::new(),
        stopped_early: false,
        hostile: None,
        soak: None,
        machine: None,
        steady: None,
    }
}

fn slo(text: &str) -> Slo {
    text.parse().unwrap()
}

fn breaches(text: &str, run: &Summary) -> Vec<Breach> {
    slo(text).judge(run, SECOND)
}

#[test]
fn it_is_written_back_in_one_way() {
    for (text, canonical) in [
        ("p99<50ms", "p99<50ms"),
        (" errors < 0.1% , p99 < 50 ms ", "p99<50ms,errors<0.1%"),
        ("errors<0.001,mean<250us", "mean<250us,errors<0.1%"),
        ("errors<0.07", "errors<7%"),
        ("max<1s 500ms,p999<1m,p50<1ms,p90<2ms,p95<3ms,", "p50<1ms,p90<2ms,p95<3ms,p999<1m,max<1s 500ms"),
    ] {
        assert_eq!(slo(text).to_string(), canonical);
        assert_eq!(slo(canonical), slo(text));
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line_with_a_way_out() {
    for (text, expected) in [
        ("", "no term; write p99<50ms"),
        (",", "no term"),
        ("p99", "`p99` is no term; write a figure"),
        ("p99<", "`p99<` is no term"),
        ("p99<=50ms", "`p99<=50ms` is no term"),
        ("p99>50ms", "`p99>50ms` is no term"),
        ("p98<50ms", "no figure `p98` (known: p50"),
        ("p99<50", "`50` is no time for p99; write 50ms"),
        ("p99<0ms", "`0ms` is no time"),
        ("p99<-1ms", "`-1ms` is no time"),
        ("errors<0%", "`0%` is no part of the jobs"),
        ("errors<NaN", "`NaN` is no part"),
        ("errors<101%", "`101%` is no part"),
        ("errors<1ms", "`1ms` is no part"),
        ("p99<1ms,p99<2ms", "p99 has two limits"),
        ("errors<1%,p50<1s,errors<2%", "errors has two limits"),
    ] {
        let error = text.parse::<Slo>().unwrap_err().to_string();
        assert!(error.contains(expected) && error.lines().count() == 1, "{text}: {error}");
    }
}

#[test]
fn every_figure_is_held_against_its_own_limit() {
    // 1,000 jobs of 1 to 1,000 ms.
    let run = run(1..=1_000);
    for (figure, ms) in
        [("p50", 500), ("p90", 900), ("p95", 950), ("p99", 990), ("max", 1_000), ("mean", 501)]
    {
        let term = |limit: u64| format!("{figure}<{limit}ms");
        assert_eq!(breaches(&term(ms + 2), &run), [], "{figure}");
        let broken = breaches(&term(ms - 2), &run);
        let [Breach::Response { figure: which, us }] = broken[..] else { panic!("{broken:?}") };
        assert_eq!(which.as_str(), figure);
        assert!((us / 1e3 - ms as f64).abs() < 2.0, "{figure}: {us} µs");
    }
    assert_eq!(breaches("p50<400ms,p99<900ms", &run).len(), 2, "every term that is broken is named");
}

#[test]
fn whoever_got_no_right_answer_counts_as_an_error() {
    let whole = run([1; 1_000]);
    let errors = |change: fn(&mut Summary)| {
        let mut run = whole.clone();
        change(&mut run);
        breaches("p50<50ms,errors<0.5%", &run)
    };
    assert_eq!(errors(|run| run.wrong_answers = 4), []);
    let five: [fn(&mut Summary); 3] = [
        |run| run.wrong_answers = 5,
        |run| (run.outcomes.ok, run.outcomes.rejected) = (995, 5),
        // Five submitted and nothing heard of them.
        |run| run.outcomes.ok = 995,
    ];
    for change in five {
        assert_eq!(errors(change), [Breach::Errors { percent: 0.5 }]);
    }
}

#[test]
fn to_turn_jobs_away_is_no_way_to_answer_in_time() {
    let mut run = run([1; 1_000]);
    (run.outcomes.ok, run.outcomes.rejected) = (991, 9);
    assert_eq!(breaches("p50<50ms", &run), []);
    (run.outcomes.ok, run.outcomes.rejected) = (990, 10);
    assert_eq!(breaches("p50<50ms", &run), [Breach::Errors { percent: 1.0 }]);
    assert_eq!(breaches("p50<50ms,errors<2%", &run), []);
}

#[test]
fn a_queue_that_grows_is_not_held_however_short_the_run() {
    let mut run = run([40; 1_000]);
    // 50 ms that a job may take, and 10 ms of a second.
    run.elapsed_s = 1.059;
    assert_eq!(breaches("p99<50ms", &run), []);
    run.elapsed_s = 1.061;
    let broken = breaches("p99<50ms", &run);
    assert!(matches!(broken[..], [Breach::Behind { by }] if by.as_millis() == 61), "{broken:?}");
    // A slow job at the end is no queue.
    run.service_us.max = 60_000.0;
    assert_eq!(breaches("p99<50ms", &run), []);
    assert_eq!(breaches("errors<1%", &run), []);
    run.service_us.max = 40_000.0;
    assert!(matches!(breaches("errors<1%", &run)[..], [Breach::Behind { .. }]), "{run:?}");
}

#[test]
fn too_few_jobs_hold_nothing() {
    let few = run([1; 999]);
    assert_eq!(breaches("p99<50ms", &few), [Breach::TooFew { ran: 999, needed: 1_000 }]);
    assert_eq!(breaches("p95<50ms", &few), []);
    assert!(matches!(breaches("p99<500us", &few)[..], [Breach::Response { .. }]));
    assert_eq!(breaches("p99<50ms", &run([])), [Breach::TooFew { ran: 0, needed: 1_000 }]);
    let needed = |text: &str| slo(text).jobs_needed();
    assert_eq!([needed("p50<1s"), needed("p999<1s"), needed("max<1s")], [100, 10_000, 100]);
    assert_eq!([needed("errors<0.05%"), needed("p50<1s,errors<50%")], [2_000, 20]);
}

#[test]
fn what_jobs_do_without_any_wait_breaks_it_at_any_rate() {
    let slo = slo("p50<50ms,errors<1%");
    // In time but for their wait.
    let mut run = run([60; 1_000]);
    assert!(!slo.is_broken_alone(&run));
    (run.outcomes.ok, run.outcomes.rejected) = (500, 500);
    assert!(!slo.is_broken_alone(&run), "fewer would not be turned away");
    (run.outcomes.ok, run.outcomes.rejected, run.outcomes.exception) = (990, 0, 10);
    assert!(slo.is_broken_alone(&run));
    (run.outcomes.ok, run.outcomes.exception) = (1_000, 0);
    run.service_us.p50 = 50_000.0;
    assert!(slo.is_broken_alone(&run));
}

#[test]
fn breaches_are_words() {
    let mut run = run([63; 1_000]);
    (run.outcomes.ok, run.outcomes.rejected, run.elapsed_s) = (975, 25, 2.5);
    let text: Vec<String> = breaches("p99<50ms", &run).iter().map(ToString::to_string).collect();
    let expected =
        ["p99 was 63.0", "2.500 % were errors", "1.500 s of work were left when the last job was due"];
    assert_eq!(text.len(), expected.len(), "{text:?}");
    for (text, expected) in text.iter().zip(expected) {
        assert!(text.starts_with(expected), "{text}");
    }
}

//! The cases: a server each, a load on it, and what must come of it.

use std::sync::Arc;
use std::time::Duration;

use super::drive::drive;
use super::{PERCENTILES, responses};
use crate::engine::fake::Fake;
use crate::engine::{JsError, Script};
use crate::executor::{ActorPool, Executor, PoolConfig};
use crate::load::{Arrivals, DueTimes, EarlyStop, LoadError, Plan, Spacing, Stop};
use crate::record::{Calibration, CalibrationRun, ClosedLoop};
use crate::stats::{LatencyHistogram, Summary};

/// The mean service time of every case. Three threads take part in a job, and each may be woken a hundred microseconds
/// late where a hypervisor is below, once in some hundred jobs nearly a millisecond; near saturation, what that adds to the
/// service time is multiplied by the queue. Three per cent of this is more than all of it: what is to be found is an
/// instrument that is off, not a machine that is.
const SERVICE: Duration = Duration::from_millis(40);

/// A server, a load on it, and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name in the record.
    pub name: String,
    /// What it is there for.
    pub why: &'static str,
    script: Script,
    rate_per_s: f64,
    spacing: Spacing,
    duration: Duration,
    /// Whether a closed loop is run on the same server too, to show what it hides.
    closed_too: bool,
}

/// What a case came to.
#[derive(Debug)]
pub struct Measured {
    /// A row for each percentile.
    pub rows: Vec<Calibration>,
    /// The run itself.
    pub run: CalibrationRun,
    /// The same server under a closed loop, where that is to be shown.
    pub closed_loop: Option<ClosedLoop>,
}

/// All cases; `short` ones take a quarter of the time.
pub fn cases(short: bool) -> Vec<Case> {
    let seconds = |full: u64| Duration::from_secs(if short { full / 4 } else { full });
    let service = SERVICE.as_millis();
    let case = |name: String, why, script: String, (rate_per_s, spacing), duration| {
        let script = Script::new(&name, &script);
        Case { name, why, script, rate_per_s, spacing, duration, closed_too: false }
    };
    let at = |load: f64| load / SERVICE.as_secs_f64();
    let mut cases = vec![
        case(
            "constant".to_owned(),
            "no queue: what is measured is the service time",
            format!("serve constant {service}ms"),
            (at(0.5), Spacing::Constant),
            seconds(16),
        ),
        case(
            "bimodal".to_owned(),
            "one job in fifty is slow, and those behind it wait",
            format!("serve bimodal {service}ms {}ms 0.02", 10 * service),
            (at(0.3), Spacing::Poisson),
            seconds(32),
        ),
    ];
    for (queue, serve) in [("m-d-1", "constant"), ("m-m-1", "exponential")] {
        for percent in [50, 80, 95] {
            cases.push(case(
                format!("{queue} {percent} %"),
                "a queue: what is measured is waiting",
                format!("serve {serve} {service}ms"),
                (at(f64::from(percent) / 100.0), Spacing::Poisson),
                seconds(48),
            ));
        }
    }
    cases.push(case(
        "saturated".to_owned(),
        "more than the server can do: response times grow as long as it lasts",
        format!("serve constant {service}ms"),
        (at(1.25), Spacing::Constant),
        seconds(8),
    ));
    let stall = seconds(8) / 4;
    let stalled = case(
        "stall".to_owned(),
        "the server stands still once: whoever came meanwhile waited",
        format!("serve constant {service}ms; stall {}ms 30", stall.as_millis()),
        (at(0.5), Spacing::Constant),
        seconds(20),
    );
    cases.push(Case { closed_too: true, ..stalled });
    cases
}

impl Case {
    /// Runs it: an open loop, and the closed one where it has one.
    ///
    /// # Errors
    /// [`LoadError`] when there is no thread for the load.
    pub fn run(&self, seed: u64, early_stop: &EarlyStop) -> Result<Measured, LoadError> {
        let reference = self.reference(seed)?;
        let open = Arrivals::Open { rate_per_s: self.rate_per_s, spacing: self.spacing };
        let summary = self.load(open, seed, early_stop)?;
        let measured = summary.response_histogram.decode().expect("what was just encoded reads back");
        let closed_loop =
            self.closed_too.then(|| self.closed_loop(&reference, seed, early_stop)).transpose()?;
        Ok(Measured { rows: self.rows(&reference, &measured), run: self.described(&summary), closed_loop })
    }

    fn closed_loop(
        &self,
        reference: &LatencyHistogram,
        seed: u64,
        early_stop: &EarlyStop,
    ) -> Result<ClosedLoop, LoadError> {
        let summary = self.load(Arrivals::Closed { concurrency: 1 }, seed, early_stop)?;
        Ok(ClosedLoop {
            p99_us: summary.response_us.p99,
            reference_us: reference.quantile(0.99).as_secs_f64() * 1e6,
        })
    }

    /// What the response times must be.
    fn reference(&self, seed: u64) -> Result<LatencyHistogram, JsError> {
        let due = DueTimes::new(self.rate_per_s, self.spacing, seed);
        let in_time = due.take_while(|due| *due < self.duration);
        let mut histogram = LatencyHistogram::default();
        let service = Fake::service_times(seed, 0, &self.script)?;
        responses(in_time, service).for_each(|response| histogram.record(response));
        Ok(histogram)
    }

    fn load(&self, arrivals: Arrivals, seed: u64, early_stop: &EarlyStop) -> Result<Summary, LoadError> {
        let pool = PoolConfig { queue: 1 << 20, ..PoolConfig::new(Arc::new(Fake::seeded(seed)), 1) };
        let executor: Arc<dyn Executor> = Arc::new(ActorPool::start(pool)?);
        // Without warm-up: it would draw service times that the reference does not know of.
        let (warmup, stop) = (Duration::ZERO, Stop::After(self.duration));
        drive(&executor, Plan { arrivals, warmup, stop, seed, hostile: 0.0 }, &self.script, early_stop)
    }

    fn rows(&self, reference: &LatencyHistogram, measured: &LatencyHistogram) -> Vec<Calibration> {
        let row = |(percentile, quantile): (&str, f64)| {
            Calibration::new(
                &self.name,
                percentile,
                reference.quantile(quantile),
                measured.quantile(quantile),
            )
        };
        PERCENTILES.into_iter().map(row).collect()
    }

    fn described(&self, summary: &Summary) -> CalibrationRun {
        CalibrationRun {
            case: self.name.clone(),
            why: self.why.to_owned(),
            rate_per_s: self.rate_per_s,
            submitted: summary.submitted,
            failed: summary.errors() + summary.lost(),
            pacer_lateness_us: summary.pacer_lateness_us.unwrap_or_default(),
            service_us: summary.service_us,
            generator_cpu_per_job_us: summary.cpu_s.generator * 1e6 / (summary.submitted.max(1)) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_reference_with_a_tail() {
        for case in cases(false) {
            let reference = case.reference(1).unwrap();
            assert!(reference.len() >= 200, "{}: {} jobs", case.name, reference.len());
            assert!(reference.quantile(0.5) >= Duration::from_millis(1), "{}", case.name);
        }
    }

    #[test]
    fn a_stall_is_seen_by_whoever_came_meanwhile() {
        let stall = cases(false).pop().unwrap();
        let reference = stall.reference(1).unwrap();
        assert!(reference.quantile(0.99) > Duration::from_millis(1_500));
        assert!(reference.quantile(0.5) < Duration::from_millis(42));
    }

    #[test]
    fn the_driver_sees_what_the_recursion_says() {
        // Wide bounds: the machine may be busy. `jsarena calibrate` holds it to three per cent.
        let case = Case { duration: Duration::from_secs(2), ..cases(true).remove(0) };
        let measured = case.run(1, &EarlyStop::default()).unwrap();
        assert_eq!((measured.run.submitted, measured.run.failed), (25, 0));
        let p50 = &measured.rows[0];
        assert!((40_000.0..42_000.0).contains(&p50.reference_us), "{p50:?}");
        assert!(p50.measured_us >= p50.reference_us * 0.999, "nobody is served sooner: {p50:?}");
        assert!(measured.closed_loop.is_none());
    }
}

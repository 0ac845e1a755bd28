//! The start of an engine, phase by phase.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::engine::{Aid, Isolate, JsError, Prepared};
use crate::record::{Spread, StartupTimes};

/// How long the phases of one start took in its process, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// The first isolate, with all that the engine does once a process.
    pub engine_us: f64,
    /// Loading the workload.
    pub load_us: f64,
    /// The first call.
    pub first_call_us: f64,
    /// The one after it.
    pub next_call_us: f64,
    /// A second isolate beside the first.
    pub isolate_us: f64,
}

/// Starts the engine, which must not have been used in this process.
///
/// # Errors
/// When it gives no isolate, or the workload does not answer rightly.
pub fn start(subject: &Subject, prepared: Option<&Prepared>) -> anyhow::Result<Phases> {
    subject.on_thread(|subject| {
        let script = &subject.workload.script;
        let (mut isolate, engine_us) = timed(|| create(subject, prepared))?;
        let (id, load_us) = timed(|| match prepared {
            None => isolate.load(script, &subject.deadline()),
            Some(prepared) => isolate.load_prepared(script, prepared, &subject.deadline()),
        })?;
        let (first, first_call_us) = timed(|| subject.call(&mut *isolate, id))?;
        let (next, next_call_us) = timed(|| subject.call(&mut *isolate, id))?;
        subject.check(&first)?;
        subject.check(&next)?;
        let isolate_us = subject.on_thread(|subject| Ok(timed(|| create(subject, prepared))?.1))?;
        Ok(Phases { engine_us, load_us, first_call_us, next_call_us, isolate_us })
    })
}

/// An isolate, from the snapshot if that is what was prepared; checking its seal is part of it.
fn create(subject: &Subject, prepared: Option<&Prepared>) -> Result<Box<dyn Isolate>, JsError> {
    match prepared {
        Some(snapshot) if snapshot.aid() == Aid::Snapshot => {
            subject.engine.create_from(&subject.limits, &subject.workload.script, snapshot)
        }
        _ => subject.engine.create(&subject.limits),
    }
}

/// The workload's script as the engine prepares it, if it does.
///
/// # Errors
/// When it gives no isolate, or cannot prepare the script.
pub fn prepare(subject: &Subject) -> anyhow::Result<Option<Prepared>> {
    subject.on_thread(|subject| {
        let mut isolate = subject.engine.create(&subject.limits)?;
        Ok(isolate.prepare(&subject.workload.script, &subject.deadline())?)
    })
}

/// The heap with the workload loaded, if the engine starts from such a thing.
///
/// # Errors
/// When it gives no isolate, or cannot load the script or write the heap.
pub fn snapshot(subject: &Subject) -> anyhow::Result<Option<Prepared>> {
    subject.on_thread(|subject| {
        Ok(subject.engine.snapshot(&subject.limits, &subject.workload.script, &subject.deadline())?)
    })
}

/// All starts together, each with the microseconds that its process took; `None` without any.
pub fn times(starts: &[(f64, Phases)]) -> Option<StartupTimes> {
    let spread = |time: fn(f64, &Phases) -> f64| {
        Spread::of(starts.iter().map(|(process_us, phases)| time(*process_us, phases)))
    };
    Some(StartupTimes {
        process_us: spread(|process_us, _| process_us)?,
        engine_us: spread(|_, phases| phases.engine_us)?,
        load_us: spread(|_, phases| phases.load_us)?,
        first_call_us: spread(|_, phases| phases.first_call_us)?,
        next_call_us: spread(|_, phases| phases.next_call_us)?,
        isolate_us: spread(|_, phases| phases.isolate_us)?,
        first_result_us: spread(|process_us, phases| {
            process_us + phases.engine_us + phases.load_us + phases.first_call_us
        })?,
    })
}

fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, f64), E> {
    let started = Instant::now();
    let done = work()?;
    Ok((done, started.elapsed().as_secs_f64() * 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::subject::tests::subject;

    #[test]
    fn a_phase_holds_what_happens_in_it() {
        // The fake's third call stalls: the two that are timed come before it.
        let phases = start(&subject("sleep 20ms; stall 60s 3; return 2"), None).unwrap();
        assert!(phases.first_call_us >= 20_000.0 && phases.next_call_us >= 20_000.0, "{phases:?}");
        assert!(phases.engine_us > 0.0 && phases.load_us > 0.0 && phases.isolate_us > 0.0, "{phases:?}");
    }

    #[test]
    fn a_start_with_a_wrong_answer_or_none_is_no_start() {
        let wrong = |body| start(&subject(body), None).unwrap_err().to_string();
        assert!(wrong("return 3").contains("wrong answer"));
        assert!(wrong("throw Error no").contains("no"));
        assert!(wrong("panic oh").contains("panic"));
        assert!(prepare(&subject("return 2")).unwrap().is_none(), "the fake has no form for scripts");
        assert!(snapshot(&subject("return 2")).unwrap().is_none(), "nor a heap to keep");
    }

    #[test]
    fn the_first_result_is_that_of_one_repetition() {
        let phases = |engine_us, load_us| Phases {
            engine_us,
            load_us,
            first_call_us: 1.0,
            next_call_us: 1.0,
            isolate_us: 1.0,
        };
        let starts = [(1.0, phases(10.0, 300.0)), (2.0, phases(20.0, 200.0)), (3.0, phases(30.0, 100.0))];
        let times = times(&starts).unwrap();
        assert_eq!(times.process_us, Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(times.first_result_us, Spread { median: 223.0, min: 134.0, max: 312.0 });
        assert!(super::times(&[]).is_none());
    }
}

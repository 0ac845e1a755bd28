//! One load of a calibration: a script of the fake engine, sent again and again.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::{Deadlines, Script};
use crate::executor::Executor;
use crate::load::{self, EarlyStop, Live, Load, LoadError, Plan};
use crate::stats::Summary;

/// No job is stopped: the longest wait is seconds.
const DEADLINES: Deadlines = Deadlines { inner: Duration::from_secs(120), outer: Duration::from_secs(240) };

/// What a script without an answer of its own answers.
pub(super) const ANSWER: &str = "null";

/// Sends the plan's jobs through an executor.
pub(super) fn drive(
    executor: &Arc<dyn Executor>,
    plan: Plan,
    script: &Script,
    early_stop: &EarlyStop,
) -> Result<Summary, LoadError> {
    let load = Load {
        plan,
        script: Arc::new(script.clone()),
        input: Arc::from("null"),
        deadlines: DEADLINES,
        check: Arc::new(|answer| answer == ANSWER),
        hostile: Vec::new(),
        soak: false,
        early_stop: early_stop.clone(),
        blocking_threads: None,
        sockets: false,
    };
    load::run(executor, &load, &Live::default())
}

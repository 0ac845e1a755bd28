//! The parent's side of a cell: starts the process, follows its events, and tells how it ended.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cell::{CellEvent, CellSpec};
use super::signals;
use crate::executor::worker_process::{Tail, describe};
use crate::load::{Arrivals, EarlyStop, Stop};
use crate::record::Died;

/// Time between two looks whether an early stop is wanted.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How a cell ended.
#[derive(Debug)]
pub struct CellEnd {
    /// What it said last, or what there is to say of it.
    pub last: CellEvent,
    /// How far it had come, if it died while its clock ran.
    pub died: Option<Died>,
}

impl From<CellEvent> for CellEnd {
    fn from(last: CellEvent) -> Self {
        Self { last, died: None }
    }
}

/// Runs a cell in a fresh process and tells how it ended. `on_event` sees the others. An early stop is passed
/// on as soon as the cell can hear of it.
///
/// # Errors
/// When no process can be started at all. A cell that dies is an event: [`CellEvent::Failed`].
pub fn run_cell(
    spec: &CellSpec,
    early_stop: &EarlyStop,
    mut on_event: impl FnMut(&CellEvent),
) -> anyhow::Result<CellEnd> {
    let (mut last, mut listens, mut asked) = (None, false, false);
    let mut seen = None;
    let end = run_child("cell", spec, limit(spec), |cell, event: Option<CellEvent>, _| {
        match event {
            None => {}
            Some(CellEvent::Listening) => listens = true,
            Some(event @ CellEvent::Progress { .. }) => {
                on_event(&event);
                seen = Some((Instant::now(), event));
            }
            Some(event) => last = Some(event),
        }
        if listens && !asked && early_stop.is_requested() {
            signals::ask_to_drain(cell);
            asked = true;
        }
    })?;
    Ok(match (end, last) {
        (ChildEnd::Exited, Some(event)) => event.into(),
        (ChildEnd::Exited, None) => dead("ended without a result".to_owned(), seen),
        (ChildEnd::Died(how), _) => dead(how, seen),
    })
}

/// A cell that died, with what it had said of its load, and when.
fn dead(how: String, seen: Option<(Instant, CellEvent)>) -> CellEnd {
    let died = match seen {
        Some((then, CellEvent::Progress { elapsed_s, finished, errors, p50_us, p99_us, .. })) => {
            Some(Died { at_s: elapsed_s + then.elapsed().as_secs_f64(), finished, errors, p50_us, p99_us })
        }
        _ => None,
    };
    CellEnd { last: CellEvent::Failed(how), died }
}

/// How a child process of this very program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildEnd {
    /// By itself, well.
    Exited,
    /// Otherwise; in the words of a row.
    Died(String),
}

/// Runs `jsarena <command>` in a fresh process that reads `spec` from its standard input, and hands on what it
/// says, line by line, with its process number and how long after its start it said so, whatever kept its parent
/// busy meanwhile; now and then there is nothing to hand on. One that has not ended after `limit` is killed.
///
/// # Errors
/// When no process can be started at all.
pub fn run_child<E: DeserializeOwned + Send + 'static>(
    command: &str,
    spec: &impl Serialize,
    limit: Option<Duration>,
    mut on_event: impl FnMut(u32, Option<E>, Duration),
) -> anyhow::Result<ChildEnd> {
    let program = std::env::current_exe().context("the path of this program")?;
    // Before the process is started: a snapshot in it takes its time.
    let spec = serde_json::to_string(spec)?;
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .context("a process for the cell")?;
    let (to_parent, events) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).map_err(|error| error.to_string());
                if to_parent.send((event, started.elapsed())).is_err() {
                    return;
                }
            }
        });
    }
    let tail = child.stderr.take().map(Tail::of).transpose().context("a thread for the cell's last words")?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that died already says so by its exit status.
        let _ = writeln!(stdin, "{spec}");
    }

    let give_up = limit.map(|limit| (Instant::now() + limit, limit));
    loop {
        match events.recv_timeout(LOOK_EVERY) {
            Ok((Ok(event), after)) => on_event(child.id(), Some(event), after),
            Ok((Err(error), _)) => {
                end(&mut child);
                return Ok(ChildEnd::Died(format!("the cell said nonsense: {error}")));
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                on_event(child.id(), None, started.elapsed());
                let Some((_, limit)) = give_up.filter(|(at, _)| Instant::now() >= *at) else { continue };
                end(&mut child);
                let limit = humantime::format_duration(limit);
                return Ok(ChildEnd::Died(format!("killed: no end after {limit}")));
            }
        }
    }
    let status = child.wait().context("the end of a cell")?;
    if status.success() {
        return Ok(ChildEnd::Exited);
    }
    Ok(ChildEnd::Died(describe(status, tail.as_ref())))
}

/// How long a cell may take before it is taken for stuck: its own time, and every job at its outer deadline.
/// A cell that counts jobs may take as long as they do. A host of an ablation that hangs is no better than a dead
/// one, and is not waited for as if its whole queue might yet reach its deadlines.
fn limit(spec: &CellSpec) -> Option<Duration> {
    const GRACE: Duration = Duration::from_secs(60);
    let Stop::After(duration) = spec.plan.stop else { return None };
    // A server may work on all jobs at once, and each is given up at its outer deadline whatever it does.
    if spec.ablation || spec.pool.target.is_some() {
        return Some(spec.plan.warmup + duration + GRACE + spec.deadlines.outer.saturating_mul(2));
    }
    let at_a_time = match spec.plan.arrivals {
        Arrivals::Closed { concurrency } => concurrency,
        Arrivals::Open { .. } => spec.pool.queue.saturating_add(spec.pool.workers),
    };
    let rows = at_a_time.div_ceil(spec.pool.workers.max(1)).saturating_add(1);
    Some(spec.plan.warmup + duration + GRACE + spec.deadlines.outer.saturating_mul(rows.saturating_mul(2)))
}

fn end(child: &mut Child) {
    // Neither can fail but for a child that has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

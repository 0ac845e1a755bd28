//! `jsarena survive`: every hostile script on every engine under every isolation, each in a fresh host process,
//! into a record and a scorecard.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::cell::{die_with_parent, take_stdout};
use super::child::{ChildEnd, run_child};
use super::matrix::kinds;
use super::output::{Recording, hand_over};
use super::pool_spec::PoolSpec;
use super::progress::Progress;
use super::{Failure, Verdict, shard};
use crate::cli::{self, Defaults, Settings, SurviveArgs, UsageError};
use crate::engine::{Deadlines, JsError};
use crate::executor::{Candidate, Executor, Isolation, OutcomeKind, Reuse};
use crate::load;
use crate::record::{Containment, ContainmentVerdict};
use crate::survive::{self, HostEnd, Sighting, Stopwatch, Trial};
use crate::workload::hostile::{self, Hostile};

/// Deadlines of a hostile script, where nothing is said: long enough for what ends by itself.
const DEADLINES: Deadlines =
    Deadlines { inner: Duration::from_millis(250), outer: Duration::from_millis(500) };

/// How long a host may take. What hangs longer is as good as dead.
const HOST_LIMIT: Duration = Duration::from_secs(60);

/// What a host process is told.
#[derive(Debug, Serialize, Deserialize)]
struct HostSpec {
    pool: PoolSpec,
    /// The trial; without one, innocent jobs are to be tuned.
    trial: Option<Trial>,
}

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
enum HostEvent {
    Tuned(Stopwatch),
    Seen(Box<Sighting>),
    /// It holds too much, and is about to be killed for it.
    TooBig(u64),
    /// It could not even try.
    Failed(String),
}

/// Runs the corpus. The record is on disk after every row.
pub fn survive(args: &SurviveArgs, config: Option<&Path>) -> Result<Verdict, Failure> {
    let mut settings = Settings::gather(&args.flags, config, Defaults::SURVIVE)?;
    // None is run, so none stands in the record.
    settings.selection.workloads.clear();
    let deadlines = settings.checked_deadlines(DEADLINES, "hostile scripts")?;
    let (folder, wanted) = &settings.asked_hostile;
    let scripts =
        hostile::choose(cli::hostile_corpus(folder.as_deref())?, wanted).map_err(UsageError::from)?;
    let mut recording = Recording::start(&settings).of_shard(args.shard);
    let folder = settings.out.clone().unwrap_or_else(|| recording.default_folder(Path::new("reports")));
    recording.save_to(folder.join("record.json"))?;
    let columns = columns(&settings);
    let trials: Vec<(usize, &Hostile)> =
        (0..columns.len()).flat_map(|column| scripts.iter().map(move |script| (column, script))).collect();
    let group = |(column, script): &(usize, &Hostile)| {
        let Column { isolation, reuse, .. } = columns[*column];
        (isolation, reuse, script.name.clone())
    };
    let trials = shard::part_of(trials, group, args.shard, settings.plan.seed);
    shard::say_if_empty(args.shard, trials.is_empty());
    let progress = Progress::new(trials.len());
    for trials in trials.chunk_by(|one, next| one.0 == next.0) {
        let column = &columns[trials[0].0];
        let title = format!("{} · {} {}", column.engine.id(), column.isolation, column.reuse);
        progress.begin(&title);
        let tuned = tune(column, &settings)?;
        for (_, script) in trials {
            progress.say(&format!("{title} · {}", script.name));
            let row = column.row(script);
            let row = match &tuned {
                Ok(watch) => try_one(row, column, script, *watch, &settings, deadlines)?,
                Err(why) => Containment { error: Some(why.clone()), ..row },
            };
            recording.push_containment(row)?;
            progress.end();
        }
    }
    progress.clear();
    let record = recording.finish()?;
    hand_over(&record, Some(&folder), settings.json)?;
    if args.shard.is_some() && record.containment.is_empty() {
        return Ok(Verdict::Well);
    }
    verdict(&record.containment)
}

/// Nothing gets through processes. What the other isolations let through is what the table is for.
fn verdict(rows: &[Containment]) -> Result<Verdict, Failure> {
    if rows.iter().all(|row| row.verdict.is_none()) {
        let why = rows.iter().find_map(|row| row.error.clone()).unwrap_or_default();
        return Err(Failure::Run(anyhow!("not a single script was tried: {why}")));
    }
    let contained = |row: &Containment| row.verdict == Some(ContainmentVerdict::Contained);
    let in_processes = rows.iter().filter(|row| row.isolation == Isolation::Process && row.error.is_none());
    Ok(Verdict::of(in_processes.into_iter().all(contained)))
}

/// One engine under one isolation.
struct Column {
    engine: Candidate,
    isolation: Isolation,
    reuse: Reuse,
}

fn columns(settings: &Settings) -> Vec<Column> {
    let mut columns = Vec::new();
    for (isolation, reuse) in kinds(settings) {
        for engine in settings.selection.engines.iter().filter(|engine| engine.runs_under(isolation)) {
            columns.push(Column { engine: engine.clone(), isolation, reuse });
        }
    }
    columns
}

impl Column {
    fn pool(&self, settings: &Settings) -> PoolSpec {
        PoolSpec::new(&self.engine, self.isolation, self.reuse, settings)
    }

    /// The row before anything is known.
    fn row(&self, script: &Hostile) -> Containment {
        // What is declared is declared for the engines we know.
        let known = matches!(self.engine, Candidate::Known(_));
        let expected = script.expected.as_ref().filter(|_| known);
        let expected = expected.map(|expected| expected.outcomes(self.engine.id()));
        let kind = |name: &String| OutcomeKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        let expected = expected.unwrap_or_default().iter().filter_map(kind).collect();
        let script = (script.name.clone(), script.class.clone(), expected);
        Containment::untried(script, self.engine.id(), self.isolation, self.reuse)
    }
}

/// Finds how many innocent jobs are half of what the column's pool can do, or why none can be run.
fn tune(column: &Column, settings: &Settings) -> Result<Result<Stopwatch, String>, Failure> {
    if let Err(not_built) = column.engine.is_there() {
        return Ok(Err(not_built.to_string()));
    }
    let mut tuned = Err("it ended without a word".to_owned());
    let spec = HostSpec { pool: column.pool(settings), trial: None };
    let end = run_child("trial", &spec, Some(HOST_LIMIT), |_, event, _| match event {
        Some(HostEvent::Tuned(watch)) => tuned = Ok(watch),
        Some(HostEvent::Failed(why)) => tuned = Err(why),
        Some(HostEvent::Seen(_) | HostEvent::TooBig(_)) | None => {}
    })?;
    Ok(match (tuned, end) {
        (Err(_), ChildEnd::Died(how)) => Err(how),
        (tuned, _) => tuned,
    })
}

fn try_one(
    row: Containment,
    column: &Column,
    script: &Hostile,
    watch: Stopwatch,
    settings: &Settings,
    deadlines: Deadlines,
) -> Result<Containment, Failure> {
    let trial = Trial {
        script: script.script.as_ref().clone(),
        deadlines,
        isolation: column.isolation,
        workers: settings.workers,
        beat: watch.beat,
    };
    let spec = HostSpec { pool: column.pool(settings), trial: Some(trial) };
    let (mut seen, mut failed, mut too_big) = (Sighting::default(), None, None);
    let end = run_child("trial", &spec, Some(HOST_LIMIT), |_, event, _| match event {
        Some(HostEvent::Seen(sighting)) => seen = *sighting,
        Some(HostEvent::Failed(why)) => failed = Some(why),
        Some(HostEvent::TooBig(held)) => too_big = Some(held),
        Some(HostEvent::Tuned(_)) | None => {}
    })?;
    let end = match end {
        ChildEnd::Died(how) => too_big.map_or(HostEnd::Died(how), HostEnd::TooBig),
        ChildEnd::Exited if failed.is_none() && !seen.complete => {
            HostEnd::Died("it ended in the midst of the trial".to_owned())
        }
        ChildEnd::Exited => HostEnd::Survived,
    };
    Ok(match (failed, &end) {
        (Some(why), HostEnd::Survived) => Containment { error: Some(why), ..row },
        _ => survive::judge(row, seen, &end),
    })
}

/// The host's side: undergoes what standard input says.
pub fn host() -> Result<Verdict, Failure> {
    die_with_parent();
    let events = Arc::new(Mutex::new(take_stdout()?));
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let spec: HostSpec = serde_json::from_str(&line).context("a trial's specification")?;
    let say = move |event: &HostEvent| {
        if let Ok(mut line) = serde_json::to_vec(event) {
            line.push(b'\n');
            // Without a reader there is nobody to tell.
            let _ = events.lock().write_all(&line);
        }
    };
    let make = |workers| -> Result<Arc<dyn Executor>, JsError> {
        spec.pool.executor(workers).map_err(|error| JsError::Engine(format!("{error:#}")))
    };
    let told = match &spec.trial {
        None => survive::tune(spec.pool.workers, &make).map(|watch| say(&HostEvent::Tuned(watch))),
        Some(trial) => {
            let too_big = say.clone();
            load::keep_below_roof(move |held| too_big(&HostEvent::TooBig(held)))?;
            survive::undergo(trial, &make, |seen| say(&HostEvent::Seen(Box::new(seen.clone()))))
        }
    };
    if let Err(error) = told {
        say(&HostEvent::Failed(error.to_string()));
    }
    // Abandoned workers may still run: the exit ends them.
    std::process::exit(0);
}

//! `jsarena doctor`: what this machine gives to worker processes, and whether every engine answers from one.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Failure, Verdict};
use crate::cli::{self, ListFormat};
use crate::engine::{Deadlines, Script, registry};
use crate::executor::sandbox::{self, Standing};
use crate::executor::{ActorPool, Candidate, Isolation, Job, Outcome, PoolConfig};
use crate::record::HostFacts;

/// What was found.
#[derive(Debug, Serialize)]
struct Findings {
    host: HostFacts,
    /// What the kernel offers to confine workers with.
    sandbox: sandbox::Report,
    engines: Vec<Health>,
}

/// How an engine is.
#[derive(Debug, Serialize)]
struct Health {
    id: String,
    /// From nothing to the first answer from a confined process, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_answer_ms: Option<f64>,
    /// Why there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether that is a fault, and not just a feature left out.
    #[serde(skip)]
    is_fault: bool,
}

/// Looks, and fails when an engine that is there does not answer. What the kernel lacks is shown, and no fault.
pub fn examine(format: ListFormat, config: Option<&Path>) -> Result<Verdict, Failure> {
    let known = registry::entries().iter().copied().map(Candidate::Known);
    let foreign = cli::foreign(config)?.into_iter().map(|one| Candidate::Foreign(Arc::new(one)));
    let findings = Findings {
        host: HostFacts::read(),
        sandbox: sandbox::available(),
        engines: known.chain(foreign).map(|candidate| health(&candidate)).collect(),
    };
    let mut out = io::stdout().lock();
    match format {
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &findings).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        ListFormat::Text => write_text(&findings, &mut out)?,
    }
    Ok(Verdict::of(findings.engines.iter().all(|engine| !engine.is_fault)))
}

fn write_text(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Worker processes are confined by")?;
    for (name, measure) in findings.sandbox.rows() {
        let mark = match measure.standing {
            Standing::Full => "yes ",
            Standing::Partial => "part",
            Standing::None => "NO  ",
        };
        writeln!(out, "  {mark}  {name:<14} {measure}")?;
    }
    writeln!(out, "Engines, from start to first answer, each in a confined process")?;
    for Health { id, first_answer_ms, error, .. } in &findings.engines {
        match (first_answer_ms, error) {
            (Some(took), _) => writeln!(out, "  yes   {id:<14} {took:.1} ms")?,
            (None, why) => writeln!(out, "  NO    {id:<14} {}", why.as_deref().unwrap_or_default())?,
        }
    }
    Ok(())
}

fn health(candidate: &Candidate) -> Health {
    let id = candidate.id().to_owned();
    if let Err(not_built) = candidate.is_there() {
        return Health { id, first_answer_ms: None, error: Some(not_built.to_string()), is_fault: false };
    }
    match first_answer(candidate) {
        Ok(took) => {
            let millis = took.as_secs_f64() * 1e3;
            Health { id, first_answer_ms: Some(millis), error: None, is_fault: false }
        }
        Err(error) => Health { id, first_answer_ms: None, error: Some(format!("{error:#}")), is_fault: true },
    }
}

fn first_answer(candidate: &Candidate) -> anyhow::Result<Duration> {
    let deadlines = Deadlines { inner: Duration::from_secs(5), outer: Duration::from_secs(10) };
    let script = Arc::new(Script::new("doctor", "return 1 + 1"));
    let began = Instant::now();
    let engine = candidate.engine(Isolation::Process, &std::env::current_exe()?)?;
    let pool = ActorPool::start(PoolConfig::new(engine, 1))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let outcome = runtime.block_on(async {
        pool.ready().await?;
        anyhow::Ok(pool.submit(Job { script, input: "null".into(), deadlines }).await.outcome)
    })?;
    let took = began.elapsed();
    anyhow::ensure!(outcome == Outcome::Ok("2".to_owned()), "1 + 1 came to {outcome}");
    Ok(took)
}

//! `jsarena serve`: the pools behind HTTP, until a signal ends it.

use std::env;
use std::fs::File;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::cell::{say, take_stdout};
use super::pool_spec::PoolSpec;
use super::{Failure, Verdict, open_files, signals};
use crate::cli::{ServeArgs, ServeSettings};
use crate::executor::{Candidate, Cores, Executor, Isolation, Reuse};
use crate::serve::{self, ConnectionLimits, MakeExecutor, Pools, RuntimeFacts, Server};

/// How long the last answers may take to be written, once every job has its outcome.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What operators may have of the admin listener.
const ADMIN: ConnectionLimits = ConnectionLimits { connections: 16, time: Duration::from_secs(30) };

/// Serves until the first SIGINT or SIGTERM, then answers what has come in. The second one ends the process.
pub fn serve(args: &ServeArgs, config: Option<&Path>) -> Result<Verdict, Failure> {
    let environment = |name: &str| env::var_os(name).map(|text| text.to_string_lossy().into_owned());
    let asked = ServeSettings::gather(args, config, environment)?;
    // Guests that print get standard error: standard output says where the server is.
    let mut out = take_stdout()?;
    let threads = Arc::default();
    let runtime = runtime(asked.settings.blocking_threads, &threads)?;
    let runs_jobs = asked.isolation == Isolation::Task;
    let facts = RuntimeFacts { handle: runtime.handle().clone(), threads, runs_jobs };
    let served = runtime.block_on(run(&asked, facts, &mut out));
    // A script that does not stop may hold a blocking thread for ever.
    runtime.shutdown_background();
    served.map(|()| Verdict::Well)
}

/// The runtime, which counts its threads as they come and go.
fn runtime(blocking_threads: Option<u32>, threads: &Arc<AtomicU64>) -> io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(most) = blocking_threads {
        builder.max_blocking_threads(most as usize);
    }
    let (started, ended) = (Arc::clone(threads), Arc::clone(threads));
    builder
        .on_thread_start(move || _ = started.fetch_add(1, Ordering::Relaxed))
        .on_thread_stop(move || _ = ended.fetch_sub(1, Ordering::Relaxed))
        .enable_all()
        .build()
}

async fn run(asked: &ServeSettings, facts: RuntimeFacts, out: &mut File) -> Result<(), Failure> {
    let stop = signals::first_signal()?;
    open_files::raise();
    let (listener, admin) = (bind(asked.listen).await?, bind(asked.admin).await?);
    let cores = if asked.thread_per_core { Some(start_cores(asked)?) } else { None };
    let maker = Box::new(Maker { asked: asked.clone(), cores: cores.clone() });
    let pools = Pools::start(maker, asked.engine.id(), |name| asked.size(name));
    let server = Server::new(
        pools.await.map_err(|why| anyhow!(why))?,
        asked.settings.selection.workloads.clone(),
        asked.body,
        facts,
    );
    let addresses = (listener.local_addr()?, admin.local_addr()?);
    say(out, &Serving::new(asked, addresses))?;
    tracing::info!(listen = %addresses.0, admin = %addresses.1, engine = asked.engine.id(), "serving");
    // It goes on while the other drains: an operator may want to see how it does.
    tokio::spawn(serve::serve(admin, server.admin_routes(), ADMIN, None, pending()));
    let connections =
        serve::serve(listener, server.routes(), asked.connections, cores.as_deref(), stop).await;
    tracing::info!("no more connections: what has come in is answered");
    let mut ended = pin!(connections.end());
    let all_answered = timeout(asked.grace, &mut ended).await.is_ok();
    server.pools().shutdown().await;
    if !all_answered && timeout(LAST_ANSWERS, ended).await.is_err() {
        tracing::warn!("some clients did not take their answers");
    }
    if let Some(cores) = cores {
        block_in_place(|| cores.stop());
    }
    tracing::info!("ended");
    Ok(())
}

/// The threads of a server with a thread per core, with stack enough for every engine that may run on them.
fn start_cores(asked: &ServeSettings) -> anyhow::Result<Arc<Cores>> {
    let here = std::env::current_exe()?;
    let infos = asked.engines.iter().filter(|engine| fits(engine, asked.isolation));
    let stacks = infos.filter_map(|engine| engine.info(&here).ok()).map(|info| info.stack_bytes());
    Cores::start(asked.tasks.workers as usize, stacks.max().unwrap_or_default())
        .context("cannot start the threads of the cores")
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))
}

/// What is said on standard output once requests are answered.
#[derive(Serialize)]
struct Serving<'a> {
    listen: SocketAddr,
    admin: SocketAddr,
    engine: &'a str,
    isolation: Isolation,
    reuse: Reuse,
    thread_per_core: bool,
    task_workers: u32,
    workflow_workers: u32,
}

impl<'a> Serving<'a> {
    fn new(asked: &'a ServeSettings, (listen, admin): (SocketAddr, SocketAddr)) -> Self {
        Self {
            listen,
            admin,
            engine: asked.engine.id(),
            isolation: asked.isolation,
            reuse: asked.reuse,
            thread_per_core: asked.thread_per_core,
            task_workers: asked.tasks.workers,
            workflow_workers: asked.workflows.workers,
        }
    }
}

/// Makes executors as the settings have them, of any engine.
struct Maker {
    asked: ServeSettings,
    /// The threads that jobs run on, in a server with a thread per core.
    cores: Option<Arc<Cores>>,
}

/// Whether there is such an engine here, and it can be had under that isolation.
fn fits(engine: &Candidate, isolation: Isolation) -> bool {
    engine.is_there().is_ok() && engine.runs_under(isolation)
}

impl MakeExecutor for Maker {
    fn engines(&self) -> Vec<String> {
        let Self { asked, .. } = self;
        let fitting = asked.engines.iter().filter(|engine| fits(engine, asked.isolation));
        fitting.map(|engine| engine.id().to_owned()).collect()
    }

    fn make(&self, engine: &str, workers: u32) -> Result<Arc<dyn Executor>, String> {
        let Self { asked, cores } = self;
        let known = asked.engines.iter().find(|known| known.id() == engine);
        let candidate = known.ok_or_else(|| format!("unknown engine {engine}"))?;
        let spec = PoolSpec {
            watch_heap: true,
            ..PoolSpec::new(candidate, asked.isolation, asked.reuse, &asked.settings)
        };
        let executor = match cores {
            Some(cores) => spec.on_cores(cores),
            None => spec.executor(workers),
        };
        let executor = executor.map_err(|error| format!("{error:#}"))?;
        Ok(asked.settings.policies.policies().around(executor))
    }
}

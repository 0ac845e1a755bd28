//! What `serve` is asked: flags, then the environment, then `jsarena.toml` and its `[serve]` table.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::config::{foreign, serve_table};
use super::values::{Size, Time};
use super::{Defaults, Flags, Settings, UsageError, engines};
use crate::executor::{Candidate, Isolation, Reuse};
use crate::serve::{BodyLimits, ConnectionLimits, PoolName, PoolSize};

/// What `serve` is asked.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Engine, by name; the admin listener can switch to another
    #[arg(short, long, alias = "engines", value_name = "NAME")]
    pub engine: Option<String>,
    /// Workloads to serve: names, globs over names, or folders of suites [default: all that are built in]
    #[arg(short, long, alias = "workload", value_name = "GLOB|DIR", value_delimiter = ',')]
    pub workloads: Vec<String>,
    /// Address to serve at; port 0 is any that is free [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Address of the admin listener, on loopback [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDRESS")]
    pub admin: Option<SocketAddr>,
    /// Workers of the pool that runs `javascript`; else TASK_ACTOR_POOL_SIZE says it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub task_workers: Option<u32>,
    /// Workers of the pool that runs `filter`; else WORKFLOW_ACTOR_POOL_SIZE says it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub workflow_workers: Option<u32>,
    /// Most threads of tokio's blocking pool; else TOKIO_BLOCKING_THREADS says it [default: tokio's 512]
    #[arg(long, value_name = "N")]
    pub blocking_threads: Option<u32>,
    /// What stands between a job and everything else: task, thread, process [default: process]
    #[arg(long, value_name = "NAME")]
    pub isolation: Option<String>,
    /// Run each job on the thread that holds its connection: no job changes threads, both pools share these threads (as
    /// many as `--task-workers` says), and a script that does not stop holds up all connections of its thread. Under
    /// `--isolation thread` only
    #[arg(long)]
    pub thread_per_core: bool,
    /// What the next job of a worker finds: keep, reset, fresh [default: reset]
    #[arg(long, value_name = "NAME")]
    pub reuse: Option<String>,
    /// Inner deadline, which a request can only shorten: the engine stops the script [default: 25s, of filters 12s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<Time>,
    /// Outer deadline: the worker is given up [default: 5s after the inner one, of filters 3s]
    #[arg(long, value_name = "TIME")]
    pub outer_timeout: Option<Time>,
    /// Heap limit of an isolate, where its engine has one [default: 128MiB]
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<Size>,
    /// Most jobs that wait in each pool; the next one is rejected [default: 1024]
    #[arg(long, value_name = "N")]
    pub queue: Option<u32>,
    /// Replace an isolate after this many jobs
    #[arg(long, value_name = "N")]
    pub recycle_jobs: Option<u64>,
    /// Replace an isolate whose heap holds more than this
    #[arg(long, value_name = "SIZE")]
    pub recycle_heap: Option<Size>,
    /// Further attempts at a job that met a passing fault; 0 for none [default: 2]
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,
    /// Failures in a row that open a circuit; 0 for no circuits [default: 10]
    #[arg(long, value_name = "N")]
    pub breaker: Option<u32>,
    /// Most jobs in flight in each pool; the next one is rejected [default: any number]
    #[arg(long, value_name = "N")]
    pub in_flight: Option<u32>,
    /// Longest body of a request [default: 1MiB]
    #[arg(long, value_name = "SIZE")]
    pub body_limit: Option<Size>,
    /// How long a request's header may take to arrive, then its body, and how long a client may take nothing of its
    /// answer; a kept connection that is idle for as long is closed [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub read_timeout: Option<Time>,
    /// Most connections at a time; for the next one's sake the one that has been idle for longest is closed, or it
    /// waits until one is [default: 1024]
    #[arg(long, value_name = "N")]
    pub connections: Option<u32>,
    /// How long a shutdown waits for what is under way, before jobs that still wait are answered as cancelled
    /// [default: 5s more than the outer deadlines]
    #[arg(long, value_name = "TIME")]
    pub grace: Option<Time>,
    /// How to log
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// How a server logs, on standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// The `[serve]` table: what no other command has.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServeTable {
    listen: Option<SocketAddr>,
    admin: Option<SocketAddr>,
    task_workers: Option<u32>,
    workflow_workers: Option<u32>,
    body_limit: Option<Size>,
    read_timeout: Option<Time>,
    connections: Option<u32>,
    grace: Option<Time>,
    thread_per_core: Option<bool>,
}

/// What `serve` is to do.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// What it has in common with the other commands.
    pub settings: Settings,
    /// The engine to begin with.
    pub engine: Candidate,
    /// All engines that it may be switched to.
    pub engines: Vec<Candidate>,
    /// The isolation.
    pub isolation: Isolation,
    /// Whether jobs run on the threads that hold the connections.
    pub thread_per_core: bool,
    /// The reuse.
    pub reuse: Reuse,
    /// Address of the public listener.
    pub listen: SocketAddr,
    /// Address of the admin listener.
    pub admin: SocketAddr,
    /// The pool of tasks.
    pub tasks: PoolSize,
    /// The pool of workflows.
    pub workflows: PoolSize,
    /// What a body may be.
    pub body: BodyLimits,
    /// What connections may be.
    pub connections: ConnectionLimits,
    /// How long a shutdown waits for what is under way.
    pub grace: Duration,
}

impl ServeSettings {
    const PORT: u16 = 8080;
    const ADMIN_PORT: u16 = 8081;
    const BODY: ByteSize = ByteSize::mib(1);
    const READ_TIME: Duration = Duration::from_secs(30);
    const CONNECTIONS: u32 = 1024;
    /// Beyond the outer deadlines, for what a shutdown waits.
    const GRACE: Duration = Duration::from_secs(5);

    /// Puts flags, environment, config file and defaults together and checks the whole.
    ///
    /// # Errors
    /// [`UsageError`]: one line that says what is wrong, and where.
    pub fn gather(
        args: &ServeArgs,
        config: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, UsageError> {
        let table = serve_table(config)?;
        let of_environment = |name: &str| environment(name).map(|text| count(name, &text)).transpose();
        let mut flags = args.flags();
        flags.blocking_threads = flags.blocking_threads.or(of_environment("TOKIO_BLOCKING_THREADS")?);
        let settings = Settings::gather(&flags, config, Defaults::SERVE)?;
        let isolation = one("isolation", &settings.isolations)?;
        let engine = one("engine", &settings.selection.engines)?;
        if !engine.runs_under(isolation) {
            return Err(UsageError(format!(
                "{} is a program of its own and runs under process isolation only",
                engine.id()
            )));
        }
        let thread_per_core = args.thread_per_core || table.thread_per_core.unwrap_or(false);
        if thread_per_core && isolation != Isolation::Thread {
            return Err(UsageError(format!(
                "thread_per_core: under {isolation} isolation jobs do not run on the server's threads; \
                 give --isolation thread as well"
            )));
        }
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let admin = args.admin.or(table.admin).unwrap_or(local(Self::ADMIN_PORT));
        if !admin.ip().is_loopback() {
            return Err(UsageError(format!(
                "admin: other machines can reach {admin}; give an address of this one alone, such as 127.0.0.1:8081"
            )));
        }
        let task_workers =
            args.task_workers.or(of_environment("TASK_ACTOR_POOL_SIZE")?).or(table.task_workers);
        let workflow_workers =
            args.workflow_workers.or(of_environment("WORKFLOW_ACTOR_POOL_SIZE")?).or(table.workflow_workers);
        if thread_per_core && workflow_workers.is_some_and(|workers| task_workers != Some(workers)) {
            return Err(UsageError(
                "thread_per_core: both pools share the same threads; say how many with task_workers alone"
                    .to_owned(),
            ));
        }
        let workflow_workers = if thread_per_core { task_workers } else { workflow_workers };
        let size = |name: PoolName, workers: Option<u32>, flag: &str| {
            let workers = at_least_one(flag, workers.unwrap_or(settings.workers))?;
            let deadlines = settings.checked_deadlines(name.kind().deadlines(), name.as_str())?;
            Ok::<_, UsageError>(PoolSize { workers, deadlines })
        };
        let tasks = size(PoolName::Tasks, task_workers, "task_workers")?;
        let workflows = size(PoolName::Workflows, workflow_workers, "workflow_workers")?;
        let read_time = args.read_timeout.or(table.read_timeout).map_or(Self::READ_TIME, |time| time.0);
        let connections = args.connections.or(table.connections).unwrap_or(Self::CONNECTIONS);
        let outer = tasks.deadlines.outer.max(workflows.deadlines.outer);
        Ok(Self {
            engine,
            engines: engines::with_fake(&foreign(config)?),
            isolation,
            thread_per_core,
            reuse: one("reuse", &settings.reuses)?,
            listen: args.listen.or(table.listen).unwrap_or(local(Self::PORT)),
            admin,
            tasks,
            workflows,
            body: BodyLimits {
                most: args.body_limit.or(table.body_limit).map_or(Self::BODY, |size| size.0),
                time: read_time,
            },
            connections: ConnectionLimits {
                connections: at_least_one("connections", connections)? as usize,
                time: read_time,
            },
            grace: args.grace.or(table.grace).map_or(outer.saturating_add(Self::GRACE), |time| time.0),
            settings,
        })
    }

    /// How large a pool is, and how long its jobs may take.
    pub fn size(&self, name: PoolName) -> PoolSize {
        match name {
            PoolName::Tasks => self.tasks,
            PoolName::Workflows => self.workflows,
        }
    }
}

impl ServeArgs {
    /// What it has in common with the other commands.
    fn flags(&self) -> Flags {
        let list = |one: &Option<String>| one.iter().cloned().collect::<Vec<_>>();
        Flags {
            engines: list(&self.engine),
            workloads: self.workloads.clone(),
            isolation: list(&self.isolation),
            reuse: list(&self.reuse),
            timeout: self.timeout,
            outer_timeout: self.outer_timeout,
            memory: self.memory,
            queue: self.queue,
            recycle_jobs: self.recycle_jobs,
            recycle_heap: self.recycle_heap,
            blocking_threads: self.blocking_threads,
            retries: self.retries,
            breaker: self.breaker,
            in_flight: self.in_flight,
            ..Flags::default()
        }
    }
}

/// A number that the environment gives.
fn count(name: &str, text: &str) -> Result<u32, UsageError> {
    match text.trim().parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(UsageError(format!("{name}: `{text}` is no number of them; give at least 1, or unset it"))),
    }
}

fn at_least_one(what: &str, count: u32) -> Result<u32, UsageError> {
    if count == 0 { Err(UsageError(format!("{what}: give at least 1"))) } else { Ok(count) }
}

/// The one that was asked for: a server is of one kind.
fn one<T: Clone>(what: &str, asked: &[T]) -> Result<T, UsageError> {
    match asked {
        [one] => Ok(one.clone()),
        _ => Err(UsageError(format!("{what}: serve needs exactly one; give --{what}"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::engine::registry;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn gather(flags: &[&str], environment: &[(&str, &str)], toml: &str) -> Result<ServeSettings, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let words = ["serve"].iter().chain(flags);
        let alone = Alone::try_parse_from(words).map_err(|error| error.to_string())?;
        let of = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        };
        ServeSettings::gather(&alone.args, Some(file.path()), of).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_win_over_the_environment_and_the_environment_over_the_file() {
        let workers = |settings: ServeSettings| (settings.tasks.workers, settings.workflows.workers);
        let environment = [("TASK_ACTOR_POOL_SIZE", "5"), ("WORKFLOW_ACTOR_POOL_SIZE", " 6 ")];
        let toml =
            "engines = ['fake']\nblocking_threads = 7\n[serve]\ntask_workers = 2\nworkflow_workers = 3\n";
        assert_eq!(workers(gather(&[], &[], toml).unwrap()), (2, 3));
        assert_eq!(workers(gather(&[], &environment, toml).unwrap()), (5, 6));
        assert_eq!(workers(gather(&["--task-workers", "9"], &environment, toml).unwrap()), (9, 6));
        let threads = |environment| gather(&[], environment, toml).unwrap().settings.blocking_threads;
        assert_eq!(threads(&[]), Some(7));
        assert_eq!(threads(&[("TOKIO_BLOCKING_THREADS", "8")]), Some(8));
    }

    #[test]
    fn a_server_is_careful_unless_told_otherwise() {
        let settings = gather(&["-e", "fake"], &[], "").unwrap();
        assert_eq!((settings.isolation, settings.reuse), (Isolation::Process, Reuse::Reset));
        assert_eq!(settings.settings.policies.retries, Some(2));
        assert_eq!(settings.settings.policies.breaker, Some(10));
        assert_eq!((settings.tasks.deadlines.outer.as_secs(), settings.grace.as_secs()), (30, 35));
        assert_eq!(settings.workflows.deadlines.inner.as_secs(), 12);
        assert!(settings.listen.ip().is_loopback());
        assert!(settings.engines.iter().any(|engine| engine.id() == registry::FAKE));
        let flags = ["-e", "fake", "--isolation", "thread", "--reuse", "keep", "--timeout", "1s"];
        let settings = gather(&flags, &[], "isolation = ['process']").unwrap();
        assert_eq!((settings.isolation, settings.reuse), (Isolation::Thread, Reuse::Keep));
        assert_eq!(settings.tasks.deadlines.outer.as_secs(), 6);
    }

    #[test]
    fn what_makes_no_sense_is_told_in_one_line() {
        for (flags, environment, toml, expected) in [
            (&[][..], &[][..], "", "engine: serve needs exactly one"),
            (
                &["-e", "fake"],
                &[("TASK_ACTOR_POOL_SIZE", "many")],
                "",
                "TASK_ACTOR_POOL_SIZE: `many` is no number",
            ),
            (&["-e", "fake"], &[("TOKIO_BLOCKING_THREADS", "0")], "", "TOKIO_BLOCKING_THREADS: `0`"),
            (&["-e", "fake", "--admin", "0.0.0.0:1"], &[], "", "admin: other machines can reach 0.0.0.0:1"),
            (&["-e", "fake", "--task-workers", "0"], &[], "", "task_workers: give at least 1"),
            (&["-e", "fake", "--thread-per-core"], &[], "", "give --isolation thread as well"),
            (
                &["-e", "fake", "--thread-per-core", "--isolation", "thread", "--workflow-workers", "3"],
                &[],
                "",
                "say how many with task_workers alone",
            ),
            (&["-e", "fake", "--connections", "0"], &[], "", "connections: give at least 1"),
            (&["-e", "fkae"], &[], "", "did you mean `fake`?"),
            (&["-e", "fake"], &[], "isolation = ['task', 'thread']", "isolation: serve needs exactly one"),
            (&["-e", "fake"], &[], "[serve]\nworkers = 2", "workers"),
        ] {
            let complaint = gather(flags, environment, toml).expect_err(expected);
            assert!(complaint.contains(expected), "{expected}: {complaint}");
            assert_eq!(complaint.lines().count(), 1, "{complaint}");
        }
    }
}

//! The commands: each gathers what it needs, calls the library and writes out. Only here and in `main` is
//! anything printed.

mod ablation;
mod calibrate;
mod capacity;
mod cell;
mod child;
mod compare;
mod cost;
mod doctor;
mod engines;
mod footprint;
mod gate;
mod hostile;
mod matrix;
mod open_files;
mod output;
mod pool_spec;
mod probe;
mod progress;
mod report;
mod run;
mod serve;
mod shard;
mod signals;
mod startup;
mod survive;
mod verdicts;
mod verify;
mod worker;
mod workloads;

use std::io::{self, IsTerminal};
use std::panic;
use std::thread;

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, LogFormat, UsageError};

/// How a command that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Well,
    /// A check failed: a wrong answer, a job or a cell that failed.
    CheckFailed,
}

impl Verdict {
    /// 0 or 1.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::CheckFailed => 1,
        }
    }

    fn of(all_is_well: bool) -> Self {
        if all_is_well { Self::Well } else { Self::CheckFailed }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked makes no sense: one line.
    #[error("{0}")]
    Usage(String),
    /// It could not run.
    #[error("{0:#}")]
    Run(anyhow::Error),
}

impl Failure {
    /// 2 or 3.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Run(_) => 3,
        }
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error.0)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Run(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Run(error.into())
    }
}

/// Does what the command line says.
///
/// # Errors
/// [`Failure`] when it cannot be done.
pub fn dispatch(cli: Cli) -> Result<Verdict, Failure> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Engines { format } => engines::list(format, config),
        Command::Doctor { format } => doctor::examine(format, config),
        Command::Workloads { workloads, format } => workloads::list(&workloads, format),
        Command::Verify(flags) => verify::verify(&flags, config),
        Command::Run(args) => run::run(&args, config),
        Command::Compare(args) => compare::compare(&args, config),
        Command::Survive(args) => survive::survive(&args, config),
        Command::Capacity(args) => capacity::capacity(&args, config),
        Command::Calibrate(args) => calibrate::calibrate(&args),
        Command::Gate(args) => gate::gate(&args, config),
        Command::Report(args) => report::report(&args),
        Command::Serve(args) => serve::serve(&args, config),
        Command::Cell => cell::serve(),
        Command::Trial => survive::host(),
        Command::Cost => cost::serve(),
        Command::Worker(args) => worker::serve(&args),
    }
}

/// Logs to standard error, a server more than other commands, and keeps quiet about panics that a worker's thread catches: they are outcomes, with
/// their message, and not news.
pub fn start_logging(cli: &Cli) {
    let (levels, format) = match &cli.command {
        Command::Serve(args) => (["warn,jsarena=info", "debug", "trace"], args.log),
        _ => (["error", "jsarena=info", "debug"], LogFormat::Text),
    };
    let level = levels[usize::from(cli.verbose.min(2))];
    let filter = EnvFilter::try_from_env("JSARENA_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => logging.init(),
        LogFormat::Json => logging.json().init(),
    }
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let name = thread::current().name().map(str::to_owned).unwrap_or_default();
        if name.starts_with(crate::executor::WORKER_THREAD_NAME) {
            tracing::info!(thread = name, "{panic}");
        } else {
            print(panic);
        }
    }));
}

/// A complaint of the argument parser in one line.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let kept = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty());
    kept.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}

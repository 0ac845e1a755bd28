//! What can be chosen as an engine: those that are built in, any program that speaks the worker protocol, and any server
//! behind a URL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::http::Target;
use super::{Isolation, ProcessEngine, WorkerCommand};
use crate::engine::registry::{Entry, NotBuilt};
use crate::engine::{EngineInfo, JsEngine, JsError};

/// A program that speaks the worker protocol, named by whoever runs jsarena.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// The name on the command line and in records.
    pub id: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder it is started in.
    pub folder: PathBuf,
}

/// An engine that can be chosen.
#[derive(Debug, Clone)]
pub enum Candidate {
    /// One of the registry, built into this program or not.
    Known(Entry),
    /// A program of its own.
    Foreign(Arc<Foreign>),
    /// A server behind a URL.
    Remote(Arc<Target>),
}

/// Why a candidate cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// Its feature was off.
    #[error(transparent)]
    NotBuilt(#[from] NotBuilt),
    /// It does not start, or does not speak the protocol.
    #[error(transparent)]
    Engine(#[from] JsError),
    /// It is a program of its own, which no thread of this one can run.
    #[error("{id} is a program of its own and runs under `process` only")]
    OnlyProcess {
        /// The engine.
        id: String,
    },
    /// It is a server, which is sent jobs and makes no isolates for anyone.
    #[error("{id} is a server behind a URL: it has no isolates that could be made here")]
    OnlyRemote {
        /// The engine.
        id: String,
    },
}

impl Candidate {
    /// The engine's name.
    pub fn id(&self) -> &str {
        match self {
            Self::Known(entry) => entry.id(),
            Self::Foreign(foreign) => &foreign.id,
            Self::Remote(target) => target.id(),
        }
    }

    /// Where it is, if it is a server behind a URL.
    pub fn target(&self) -> Option<&Arc<Target>> {
        match self {
            Self::Known(_) | Self::Foreign(_) => None,
            Self::Remote(target) => Some(target),
        }
    }

    /// Whether it can be had under this isolation, built in or not.
    pub fn runs_under(&self, isolation: Isolation) -> bool {
        match self {
            Self::Known(_) => isolation.is_here(),
            Self::Foreign(_) => isolation == Isolation::Process,
            Self::Remote(_) => isolation == Isolation::Remote,
        }
    }

    /// Whether there is anything to run, as far as can be told without running it.
    ///
    /// # Errors
    /// [`NotBuilt`].
    pub fn is_there(&self) -> Result<(), NotBuilt> {
        match self {
            Self::Known(entry) => entry.engine().map(drop),
            Self::Foreign(_) | Self::Remote(_) => Ok(()),
        }
    }

    /// What it is. A foreign one is started and asked, with `jsarena` as for [`Candidate::engine`].
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn info(&self, jsarena: &Path) -> Result<EngineInfo, Unavailable> {
        match self {
            Self::Known(entry) => Ok(entry.engine()?.info()),
            Self::Foreign(_) | Self::Remote(_) => Ok(self.engine(Isolation::Process, jsarena)?.info()),
        }
    }

    /// The engine as a pool under this isolation wants it. Processes are started with the program `jsarena`,
    /// this very one, whose `worker` command serves as their worker or confines it.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn engine(&self, isolation: Isolation, jsarena: &Path) -> Result<Arc<dyn JsEngine>, Unavailable> {
        let parent = std::process::id().to_string();
        let worker = |args: &[&str], folder| WorkerCommand {
            program: jsarena.to_owned(),
            args: ["worker", "--parent", &parent].iter().chain(args).map(Into::into).collect(),
            folder,
            caps_memory: matches!(self, Self::Known(_)),
        };
        match (self, isolation) {
            (Self::Known(entry), Isolation::Task | Isolation::Thread) => Ok(entry.engine()?),
            (Self::Known(entry), Isolation::Process) => {
                let info = entry.engine()?.info();
                let command = worker(&["--engine", entry.id()], None);
                Ok(Arc::new(ProcessEngine::new(command, info)?))
            }
            (Self::Foreign(foreign), Isolation::Process) => {
                let mut args = vec!["--".to_owned()];
                args.extend(foreign.command.iter().cloned());
                // Where a program is named by a path, that starts in the folder: what a relative one means to a
                // process that has just changed its folder is not the same everywhere.
                if let Some(program) = args.get_mut(1).filter(|program| program.contains('/')) {
                    *program = foreign.folder.join(&*program).to_string_lossy().into_owned();
                }
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                let command = worker(&args, Some(foreign.folder.clone()));
                Ok(Arc::new(ProcessEngine::ask(&foreign.id, command)?))
            }
            (Self::Remote(_), _) | (Self::Known(_), Isolation::Remote) => {
                Err(Unavailable::OnlyRemote { id: self.id().to_owned() })
            }
            (Self::Foreign(foreign), _) => Err(Unavailable::OnlyProcess { id: foreign.id.clone() }),
        }
    }
}

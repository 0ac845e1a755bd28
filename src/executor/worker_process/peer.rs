//! One child process, as its host sees it: the process, the socket, and the requests.

use std::io::{self, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use nix::sys::signal::Signal;
use parking_lot::Mutex;

use super::tail::Tail;
use super::{Welcome, WelcomedEngine, WorkerCommand, memory_cap};
use crate::engine::{JsError, Limits};
use crate::executor::sandbox::{self, Group, GroupLimit};
use crate::executor::wire::{self, Create, Fault, Frame, Kind, WireError};

/// How long a worker may take to greet, to make an isolate or to make a realm. No guest's code runs then.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a process may take to end once its socket has.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// What a child sees of this process's environment: what programs need to start, and no secrets.
const KEPT: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "RUST_BACKTRACE", "JSARENA_LOG"];

/// Memory of a process before any guest's: its program, its engine's heap. A control group counts it too.
const OF_ITS_OWN: ByteSize = ByteSize::mib(128);

/// Threads of a process: an engine's own are about one a processor.
const MOST_THREADS: u32 = 256;

/// A child process that speaks the protocol. Dropped, it is killed and reaped.
pub(super) struct Peer {
    stream: BufReader<UnixStream>,
    pub process: Arc<Process>,
    greeted: bool,
    /// Isolates it has made.
    pub isolates: u32,
    /// It said that it should make no more.
    pub worn: bool,
    /// With which limits the last one was.
    pub limits: Option<Limits>,
    /// Its process number.
    id: u32,
    /// Whether its memory is still to be capped from here, since it does not do so itself.
    uncapped: bool,
    /// Where control groups can be made, and its own once its limits are known. It goes after the process.
    groups: Option<PathBuf>,
    group: Option<Group>,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The worker answered: it failed.
    Fault { fault: Fault, spent: bool },
    /// It is no use any more: it ended, or does not keep to the protocol.
    Broken(WireError),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Broken(error)
    }
}

impl Peer {
    /// Starts the process. Must run on a thread that outlives it: its parent-death signal follows that thread.
    /// Where there is a folder for control groups, it gets one of its own.
    pub fn spawn(command: &WorkerCommand, groups: Option<PathBuf>) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let (output, to_output) = io::pipe()?;
        let mut program = Command::new(&command.program);
        if let Some(folder) = &command.folder {
            program.current_dir(folder);
        }
        let kept = KEPT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        let child = program
            .args(&command.args)
            .env_clear()
            .envs(kept)
            .stdin(OwnedFd::from(theirs))
            .stdout(to_output.try_clone()?)
            .stderr(Stdio::from(to_output))
            .spawn()?;
        let id = child.id();
        let process = Arc::new(Process { child: Mutex::new(child), tail: Tail::of(output)? });
        let stream = BufReader::new(ours);
        Ok(Self {
            stream,
            process,
            greeted: false,
            isolates: 0,
            worn: false,
            limits: None,
            id,
            uncapped: !command.caps_memory,
            groups,
            group: None,
        })
    }

    /// Says hello, if that has not been said.
    pub fn greet(&mut self) -> Result<Option<WelcomedEngine>, JsError> {
        if self.greeted {
            return Ok(None);
        }
        let host = concat!("jsarena ", env!("CARGO_PKG_VERSION")).to_owned();
        let hello = wire::Hello { protocol: wire::PROTOCOL, host, max_body: wire::MAX_BODY };
        let welcome = self.patiently(|peer| {
            wire::write_json(peer.stream.get_mut(), Kind::Hello, &hello)?;
            peer.reply(Kind::Hello)?.json::<Welcome>().map_err(Into::into)
        })?;
        if welcome.protocol != wire::PROTOCOL {
            let (theirs, ours) = (welcome.protocol, wire::PROTOCOL);
            return Err(JsError::Engine(format!("the worker speaks protocol {theirs}, this jsarena {ours}")));
        }
        self.greeted = true;
        Ok(Some(welcome.engine))
    }

    /// Makes an isolate, greeting first.
    pub fn create(&mut self, limits: &Limits) -> Result<(), JsError> {
        self.greet()?;
        let create = Create::from(limits);
        let created = self.patiently(|peer| {
            wire::write_json(peer.stream.get_mut(), Kind::Create, &create)?;
            peer.reply(Kind::Create)
        })?;
        self.worn = created.spent;
        self.isolates += 1;
        self.limits = Some(limits.clone());
        if let Some(cap) = memory_cap(limits) {
            self.cap_memory(cap);
        }
        Ok(())
    }

    /// Caps the memory of the process from outside, the first time: before it has run any guest's code.
    fn cap_memory(&mut self, cap: ByteSize) {
        if std::mem::take(&mut self.uncapped) {
            let measure = sandbox::cap_memory_of(self.id, cap);
            tracing::debug!(process = self.id, memory = %measure, "capped");
        }
        let Some(root) = self.groups.take() else { return };
        let limit = GroupLimit { memory: cap + OF_ITS_OWN, pids: MOST_THREADS };
        let made = Group::create(&root, &format!("jsarena-{}", self.id), limit);
        match made.and_then(|group| group.add(self.id).map(|()| group)) {
            Ok(group) => {
                tracing::debug!(process = self.id, memory = %group.measure(), "capped");
                self.group = Some(group);
            }
            Err(error) => tracing::warn!(%error, "its own limit is what caps a worker's memory"),
        }
    }

    /// Asks for something that runs no guest's code, and waits only so long for it.
    pub fn ask(&mut self, kind: Kind) -> Result<Frame, JsError> {
        self.patiently(|peer| peer.request(kind, &[]))
    }

    fn patiently<T>(&mut self, ask: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, JsError> {
        // Neither can fail on an open socket.
        let _ = self.stream.get_ref().set_read_timeout(Some(PATIENCE));
        let asked = ask(self);
        let _ = self.stream.get_ref().set_read_timeout(None);
        asked.map_err(|failure| match failure {
            Failure::Fault { fault, .. } => fault.into_error(Duration::ZERO),
            Failure::Broken(error) => JsError::Died(self.end(&error)),
        })
    }

    /// Sends a request and waits for its reply, as long as it takes.
    pub fn request(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<Frame, Failure> {
        wire::write(self.stream.get_mut(), kind, false, parts)?;
        self.reply(kind)
    }

    fn reply(&mut self, wanted: Kind) -> Result<Frame, Failure> {
        let frame = Frame::read(&mut self.stream)?;
        match frame.kind {
            Kind::Error => Err(Failure::Fault { fault: frame.json()?, spent: frame.spent }),
            got if got == wanted => Ok(frame),
            got => Err(WireError::OutOfTurn { got, wanted }.into()),
        }
    }

    /// Ends the process after `error`, and says what became of it.
    pub fn end(&self, error: &WireError) -> String {
        match error {
            WireError::Ended => self.process.wait(),
            WireError::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.process.kill();
                format!("no answer within {PATIENCE:?}: killed{}", self.process.last_words())
            }
            error => {
                self.process.kill();
                format!("the worker does not keep to the protocol: {error}{}", self.process.last_words())
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.reap();
    }
}

/// The process itself. Shared with the interrupter, which may come too late.
pub(super) struct Process {
    child: Mutex<Child>,
    tail: Tail,
}

impl Process {
    /// Kills it. Does nothing to one that has been reaped, so no other process is ever hit.
    pub fn kill(&self) {
        let _ = self.child.lock().kill();
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        matches!(self.child.lock().try_wait(), Ok(None))
    }

    /// Waits for its end, which it has announced by closing its socket, and says how it ended. One that goes on
    /// nevertheless is killed.
    fn wait(&self) -> String {
        let patience = Instant::now() + LAST_STEPS;
        // Nothing is locked while it is waited for: whoever kills it meanwhile must get through.
        loop {
            match self.child.lock().try_wait() {
                Ok(Some(status)) => return describe(status, Some(&self.tail)),
                Err(error) => return error.to_string(),
                Ok(None) => {}
            }
            if Instant::now() > patience {
                self.kill();
                return format!("it closed its socket and went on: killed{}", self.last_words());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Kills it and waits for its end.
    pub fn reap(&self) {
        let mut child = self.child.lock();
        let _ = child.kill();
        let _ = child.wait();
    }

    fn last_words(&self) -> String {
        let words = self.tail.last_words();
        if words.is_empty() { words } else { format!(": {words}") }
    }
}

/// How a process ended and what it said last, in the words of a row: `signal 6 (SIGABRT): last words`.
pub(crate) fn describe(status: ExitStatus, tail: Option<&Tail>) -> String {
    let how = match (status.signal(), status.code()) {
        (Some(number), _) => {
            let name = Signal::try_from(number).map_or("unknown", Signal::as_str);
            format!("signal {number} ({name})")
        }
        (None, Some(0)) => "ended without a result".to_owned(),
        (None, Some(code)) => format!("exit {code}"),
        (None, None) => "ended in an unknown way".to_owned(),
    };
    match tail.map(Tail::last_words).filter(|words| !words.is_empty()) {
        Some(words) => format!("{how}: {words}"),
        None => how,
    }
}

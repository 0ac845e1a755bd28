//! The worker's side: serves one host over a socket, with isolates of one engine.

use std::io::BufReader;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytesize::ByteSize;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Welcome, memory_cap, worn_at};
use crate::engine::{Deadline, HeapStats, Isolate, JsEngine, JsError, Limits, Script, ScriptId};
use crate::executor::WORKER_THREAD_NAME;
use crate::executor::sandbox::{self, Confinement};
use crate::executor::session::panic_message;
use crate::executor::wire::{self, Create, Fault, Frame, Heap, Hello, Kind, WireError};

/// Why a worker ended that was not told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// What came was not the protocol.
    #[error("the host does not keep to the protocol: {0}")]
    Wire(#[from] WireError),
    /// The engine, or its adapter, panicked. The host has been told.
    #[error("panic: {0}")]
    Panic(String),
    /// The system gave no thread.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Serves the host at the other end of `stream` with isolates of `engine`, until it hangs up. Whatever runs
/// then is left running: the caller is to exit. The process has entered the sandbox; it is locked when the first
/// isolate is made.
///
/// # Errors
/// [`WorkerError`]: this process is of no more use.
pub fn serve(
    engine: Arc<dyn JsEngine>,
    stream: UnixStream,
    confinement: Confinement,
) -> Result<(), WorkerError> {
    let watched = stream.try_clone()?;
    let stack = engine.info().stack_bytes();
    let (to_here, ended) = crossbeam_channel::bounded(1);
    let name = format!("{WORKER_THREAD_NAME}0");
    thread::Builder::new().name(name).stack_size(stack).spawn({
        let to_here = to_here.clone();
        let stream = BufReader::new(stream);
        move || {
            to_here.send(
                Server { engine, isolate: None, stream, unlocked: Some(confinement), worn_at: None }.serve(),
            )
        }
    })?;
    // A guest that never ends must not outlive the host, and the thread it runs on cannot look.
    thread::Builder::new().name("jsarena-hangup".to_owned()).stack_size(64 << 10).spawn(move || {
        wait_for_hangup(&watched);
        to_here.send(Ok(()))
    })?;
    ended.recv().unwrap_or(Ok(()))
}

/// Hanging up is always reported, so nothing is asked for.
fn wait_for_hangup(stream: &UnixStream) {
    loop {
        let mut polled = [PollFd::new(stream.as_fd(), PollFlags::empty())];
        match poll(&mut polled, PollTimeout::NONE) {
            Err(nix::errno::Errno::EINTR) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

struct Server {
    engine: Arc<dyn JsEngine>,
    isolate: Option<Box<dyn Isolate>>,
    stream: BufReader<UnixStream>,
    /// How the process is to be confined, until it is.
    unlocked: Option<Confinement>,
    /// Growth of its memory at which it is to be replaced.
    worn_at: Option<ByteSize>,
}

/// Processor time beyond a job's own deadline: the deadline is the engine's to keep, this is for when it does not.
const CPU_GRACE: Duration = Duration::from_secs(5);

/// What a request is answered with.
enum Reply {
    Empty,
    Welcome,
    Loaded(ScriptId),
    Answer(String),
    Heap(Option<HeapStats>),
}

impl Server {
    fn serve(mut self) -> Result<(), WorkerError> {
        loop {
            let request = match Frame::read(&mut self.stream) {
                Err(WireError::Ended) => return Ok(()),
                frame => frame?,
            };
            match catch_unwind(AssertUnwindSafe(|| self.answer(&request))) {
                Ok(Ok(reply)) => self.reply(request.kind, &reply)?,
                Ok(Err(Refused::Js(error))) => self.fault(&error.into())?,
                Ok(Err(Refused::Wire(error))) => return Err(error.into()),
                Err(payload) => {
                    let message = panic_message(payload.as_ref());
                    self.fault(&Fault::Panic { message: message.clone() })?;
                    return Err(WorkerError::Panic(message));
                }
            }
        }
    }

    fn answer(&mut self, request: &Frame) -> Result<Reply, Refused> {
        Ok(match request.kind {
            Kind::Hello => {
                let hello: Hello = request.json()?;
                tracing::debug!(host = hello.host, protocol = hello.protocol, "greeted");
                Reply::Welcome
            }
            Kind::Create => {
                let limits = Limits::from(request.json::<Create>()?);
                // The old one first: both at a time could be too much.
                self.isolate = None;
                self.isolate = Some(self.engine.create(&limits)?);
                self.lock(&limits);
                Reply::Empty
            }
            Kind::Load => {
                let deadline = deadline(request.micros_at(0)?);
                let script: Script = serde_json::from_str(request.text_after(8)?)
                    .map_err(|error| JsError::Engine(format!("load: {error}")))?;
                Reply::Loaded(self.isolate()?.load(&script, &deadline)?)
            }
            Kind::Call => {
                let deadline = deadline(request.micros_at(4)?);
                let script = ScriptId(request.u32_at(0)?);
                Reply::Answer(self.isolate()?.call(script, request.text_after(12)?, &deadline)?)
            }
            Kind::Reset => {
                self.isolate()?.reset()?;
                Reply::Empty
            }
            Kind::Heap => Reply::Heap(self.isolate()?.heap()),
            Kind::Error => return Err(JsError::Engine("a request that is an error".to_owned()).into()),
        })
    }

    /// Locks the sandbox, the first time.
    fn lock(&mut self, limits: &Limits) {
        if let Some(confinement) = self.unlocked.take() {
            let memory = memory_cap(limits);
            self.worn_at = memory.map(worn_at);
            let report = sandbox::lock(&Confinement { memory, ..confinement });
            tracing::debug!(?report, "locked");
        }
    }

    fn isolate(&mut self) -> Result<&mut Box<dyn Isolate>, JsError> {
        self.isolate
            .as_mut()
            .ok_or_else(|| JsError::Engine("there is no isolate: create comes first".to_owned()))
    }

    fn reply(&mut self, kind: Kind, reply: &Reply) -> Result<(), WireError> {
        let spent = self.is_spent();
        // Looked at where nothing of a guest should be left.
        let worn = matches!(reply, Reply::Empty) && self.is_worn();
        let to = self.stream.get_mut();
        match reply {
            Reply::Empty => wire::write(to, kind, spent || worn, &[]),
            Reply::Welcome => wire::write_json(to, kind, &Welcome::from(self.engine.info())),
            Reply::Loaded(id) => wire::write(to, kind, spent, &[&id.0.to_le_bytes()]),
            Reply::Heap(stats) => wire::write_json(to, kind, &stats.map(Heap::from)),
            Reply::Answer(answer) => match wire::write(to, kind, spent, &[answer.as_bytes()]) {
                Err(WireError::TooLong(bytes)) => {
                    let message = format!("{bytes} bytes; {} are the most", wire::MAX_BODY);
                    self.fault(&Fault::InvalidResult { message })
                }
                written => written,
            },
        }
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), WireError> {
        let spent = self.is_spent();
        wire::write_fault(self.stream.get_mut(), fault, spent)
    }

    fn is_worn(&self) -> bool {
        self.worn_at.zip(sandbox::growth()).is_some_and(|(most, grown)| grown > most)
    }

    fn is_spent(&self) -> bool {
        self.isolate.as_ref().is_some_and(|isolate| isolate.is_spent())
    }
}

/// The deadline of guest code that starts now, and the processor time it may take.
fn deadline(allowed: Duration) -> Deadline {
    // All threads of an engine count.
    if let Err(error) = sandbox::allow_cpu(allowed.saturating_mul(2).saturating_add(CPU_GRACE)) {
        tracing::debug!(%error, "no limit of processor time");
    }
    Deadline::after(allowed)
}

/// Why a request is not answered.
enum Refused {
    /// What was asked failed.
    Js(JsError),
    /// It was no request.
    Wire(WireError),
}

impl From<JsError> for Refused {
    fn from(error: JsError) -> Self {
        Self::Js(error)
    }
}

impl From<WireError> for Refused {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

//! The keeper of a pool's processes: one thread that starts them all, and always has a spare.
//!
//! One thread, because the kernel ties a child's parent-death signal to the thread that started it: workers'
//! threads come and go, this one lives as long as its processes.

use std::mem;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use parking_lot::Mutex;

use super::peer::Peer;
use super::{MOST_ISOLATES, WelcomedEngine, WorkerCommand};
use crate::engine::{JsError, Limits};
use crate::executor::sandbox::Group;

/// Starts processes, keeps a spare, takes back those that are still good, and buries the others.
pub(super) struct Keeper {
    to_keeper: Sender<Request>,
    to_grave: Sender<Peer>,
    /// Processes between two isolates.
    resting: Mutex<Vec<Peer>>,
    threads: Vec<JoinHandle<()>>,
}

/// A wish for a process; for one that has its isolate already, if there is such a one with these limits.
struct Request {
    limits: Option<Limits>,
    to: Sender<Result<Peer, JsError>>,
}

impl Keeper {
    pub fn start(command: WorkerCommand) -> Result<Self, JsError> {
        let (to_keeper, requests) = unbounded();
        let (to_grave, graves) = unbounded();
        let (groups, to_reaper) = (Group::root(), to_grave.clone());
        let nursery = Nursery { command, groups, spare: None, wanted: None, to_grave: to_reaper };
        let named = |name: &str| thread::Builder::new().name(name.to_owned()).stack_size(256 << 10);
        let no_thread = |error| JsError::Engine(format!("no thread for worker processes: {error}"));
        let threads = vec![
            named("jsarena-keeper").spawn(move || nursery.serve(&requests)).map_err(no_thread)?,
            named("jsarena-reaper").spawn(move || graves.iter().for_each(drop)).map_err(no_thread)?,
        ];
        Ok(Self { to_keeper, to_grave, resting: Mutex::default(), threads })
    }

    /// Starts a process only to ask what it is. It is the first to be taken.
    pub fn ask(&self) -> Result<WelcomedEngine, JsError> {
        let mut peer = self.process(None)?;
        let welcome = peer.greet()?.ok_or_else(|| JsError::Engine("it has been asked before".to_owned()))?;
        self.resting.lock().push(peer);
        Ok(welcome)
    }

    /// A process with an isolate of those limits.
    pub fn take(&self, limits: &Limits) -> Result<Peer, JsError> {
        while let Some(mut peer) = self.rested() {
            match peer.create(limits) {
                Ok(()) => return Ok(peer),
                Err(error) => tracing::warn!(%error, "a worker process made no second isolate"),
            }
            self.bury(peer);
        }
        let mut peer = self.process(Some(limits))?;
        if peer.limits.is_none() {
            peer.create(limits)?;
        }
        Ok(peer)
    }

    fn rested(&self) -> Option<Peer> {
        self.resting.lock().pop()
    }

    fn process(&self, limits: Option<&Limits>) -> Result<Peer, JsError> {
        let (to_here, here) = bounded(1);
        let gone = |_| JsError::Engine("the keeper of worker processes has ended".to_owned());
        let request = Request { limits: limits.cloned(), to: to_here };
        self.to_keeper.send(request).map_err(|_| gone(()))?;
        here.recv().map_err(|_| gone(()))?
    }

    /// Takes back a process whose isolate is no longer needed.
    pub fn take_back(&self, peer: Peer) {
        if peer.isolates < MOST_ISOLATES && !peer.worn {
            self.resting.lock().push(peer);
        } else {
            self.bury(peer);
        }
    }

    /// Ends a process, without waiting for it.
    pub fn bury(&self, peer: Peer) {
        peer.process.kill();
        // Without a reaper it is reaped here.
        drop(self.to_grave.send(peer));
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.resting.get_mut().clear();
        drop(mem::replace(&mut self.to_keeper, unbounded().0));
        drop(mem::replace(&mut self.to_grave, unbounded().0));
        for thread in self.threads.drain(..) {
            // Neither panics; if one did, it has said so.
            let _ = thread.join();
        }
    }
}

/// What the keeper's thread owns.
struct Nursery {
    command: WorkerCommand,
    /// Where control groups can be made.
    groups: Option<PathBuf>,
    spare: Option<Peer>,
    /// The limits of the next spare.
    wanted: Option<Limits>,
    to_grave: Sender<Peer>,
}

impl Nursery {
    /// Serves until nobody can ask any more. The spare is made when nobody does.
    fn serve(mut self, requests: &Receiver<Request>) {
        loop {
            let request = match &self.wanted {
                Some(_) => requests.recv_timeout(SETTLE),
                None => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match request {
                Ok(Request { limits, to }) => {
                    let peer = self.process(limits);
                    // Nobody waits for it only if its worker's thread died: then it ends here.
                    drop(to.send(peer));
                }
                Err(RecvTimeoutError::Timeout) => self.make_spare(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn process(&mut self, limits: Option<Limits>) -> Result<Peer, JsError> {
        if let Some(spare) = self.spare.take() {
            if spare.process.is_alive() && spare.limits == limits {
                self.wanted = limits;
                return Ok(spare);
            }
            drop(self.to_grave.send(spare));
        }
        self.wanted = limits;
        Peer::spawn(&self.command, self.groups.clone()).map_err(|error| {
            JsError::Engine(format!("{}: no worker process: {error}", self.command.program.display()))
        })
    }

    /// If none can be made, the next to ask will hear why.
    fn make_spare(&mut self) {
        let Some(limits) = self.wanted.take() else { return };
        let made = Peer::spawn(&self.command, self.groups.clone())
            .map_err(|error| JsError::Engine(error.to_string()))
            .and_then(|mut peer| peer.create(&limits).map(|()| peer));
        match made {
            Ok(peer) => self.spare = Some(peer),
            Err(error) => tracing::warn!(%error, "no spare worker process"),
        }
    }
}

/// How long nobody may have asked for a process before a spare is made: those who need one now go first.
const SETTLE: Duration = Duration::from_millis(1);

//! The clients: each takes one case after the other.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::case::{Act, Case, Class, DROP_EVERY, Leave};
use super::connection::{Connection, Response, Trouble};
use super::request::{Request, verdict};
use super::tally::Tally;

/// Statuses of what is refused before it is a request, without a word.
const NO_REQUEST: [u16; 3] = [400, 414, 431];

/// Most clients that send ten mebibytes at a time: all at once they would be slow senders.
const MOST_HUGE: usize = 4;

/// What all clients share.
pub struct Shared {
    pub address: SocketAddr,
    /// How long the server lets a client take.
    pub patience: Duration,
    pub cases: Mutex<VecDeque<Case>>,
    pub tally: Mutex<Tally>,
    huge: Semaphore,
}

impl Shared {
    pub fn new(address: SocketAddr, patience: Duration, cases: Vec<Case>) -> Arc<Self> {
        let huge = Semaphore::new(MOST_HUGE);
        Arc::new(Self { address, patience, cases: Mutex::new(cases.into()), tally: Mutex::default(), huge })
    }

    /// Takes cases until there are none. One connection is kept for whatever does not end it.
    pub async fn client(self: Arc<Self>) {
        let mut kept = None;
        loop {
            let Some(case) = self.cases.lock().pop_front() else { break };
            let _turn = if case.class == Class::Huge { self.huge.acquire().await.ok() } else { None };
            if let Err(why) = self.run(&case, &mut kept).await {
                kept = None;
                self.fail(&case, &why);
            }
        }
        if let Some(kept) = kept
            && let Err(why) = kept.end().await
        {
            self.tally.lock().failures.push(why);
        }
    }

    fn fail(&self, case: &Case, why: &str) {
        let said = format!("{:?}", case.act);
        self.tally.lock().failures.push(format!("{:?}: {why}\n  in {said:.600}", case.class));
    }

    async fn run(&self, case: &Case, kept: &mut Option<Connection>) -> Result<(), String> {
        let class = case.class;
        match &case.act {
            Act::Ask(requests) => {
                while !self.ask(class, requests, kept).await? {
                    self.tally.lock().late += 1;
                }
                Ok(())
            }
            Act::Throw(bytes) => self.throw(class, bytes).await,
            Act::Refused(bytes) => self.refused(class, bytes).await,
            Act::Drip { start, rest, is_answered } => self.drip(class, start, rest, *is_answered).await,
            Act::Leave { bytes, how, is_whole } => self.leave(class, bytes, *how, *is_whole).await,
        }
    }

    /// Asks, and checks the answers. False if this client itself was too slow to be answered.
    async fn ask(
        &self,
        class: Class,
        requests: &[Request],
        kept: &mut Option<Connection>,
    ) -> Result<bool, String> {
        let mut connection = match kept.take() {
            Some(connection) if connection.last.elapsed() < self.patience / 2 => connection,
            // It may be closed at any moment.
            Some(idle) => {
                idle.end().await?;
                Connection::open(self.address).await?
            }
            None => Connection::open(self.address).await?,
        };
        let idle_since = connection.last;
        connection.last = Instant::now();
        let mut is_sent = true;
        for piece in requests.iter().flat_map(|request| &request.pieces) {
            is_sent &= connection.send(piece).await.is_ok();
            let pause = requests[0].pause;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        let is_late = idle_since.elapsed() >= self.patience;
        for request in requests {
            let response = match connection.receive(request.is_head).await {
                Err(_) if is_late => return Ok(false),
                Err(trouble) => return Err(format!("no answer: {trouble:?}, all sent: {is_sent}")),
                Ok(response) if is_late && response.status == 408 && !tells_of_job(&response) => {
                    return Ok(false);
                }
                Ok(response) => response,
            };
            self.tally.lock().count_response(class, &response);
            request.check(&response)?;
            if response.is_last() {
                return connection.end().await.map(|()| true);
            }
        }
        *kept = Some(connection);
        Ok(true)
    }

    /// All that comes, until the connection ends.
    async fn all(&self, mut connection: Connection) -> Result<Vec<Response>, String> {
        let mut all = Vec::new();
        loop {
            match connection.receive(false).await {
                Ok(response) => all.push(response),
                Err(Trouble::Closed) => return Ok(all),
                Err(trouble) => return Err(format!("{trouble:?} after {all:?}")),
            }
            // Whether there was another request in it is the server's to say: it has read all of it by now.
            connection.finish().await;
        }
    }

    async fn throw(&self, class: Class, bytes: &[u8]) -> Result<(), String> {
        let mut connection = Connection::open(self.address).await?;
        // It may be refused before it has been read.
        let _ = connection.send(bytes).await;
        let all = self.all(connection).await?;
        let mut tally = self.tally.lock();
        match all.first() {
            Some(response) => tally.count_response(class, response),
            None => tally.count(class, "closed"),
        }
        drop(tally);
        all.iter().try_for_each(well_formed)
    }

    async fn refused(&self, class: Class, bytes: &[u8]) -> Result<(), String> {
        let mut connection = Connection::open(self.address).await?;
        let _ = connection.send(bytes).await;
        let all = self.all(connection).await?;
        let [response] = &all[..] else { return Err(format!("not one answer: {all:?}")) };
        self.tally.lock().count_response(class, response);
        well_formed(response)?;
        if NO_REQUEST.contains(&response.status) { Ok(()) } else { Err(format!("not refused: {response}")) }
    }

    async fn drip(&self, class: Class, start: &[u8], rest: &[u8], is_answered: bool) -> Result<(), String> {
        let mut connection = Connection::open(self.address).await?;
        connection.send(start).await.map_err(|error| format!("not even begun: {error}"))?;
        connection.drip(rest, DROP_EVERY).await;
        let all = self.all(connection).await?;
        let mut tally = self.tally.lock();
        match &all[..] {
            [] if !is_answered => tally.count(class, "closed"),
            [response] if is_answered => {
                tally.count_response(class, response);
                let kind = verdict(response)?;
                if kind.as_deref() != Some("slow_request") {
                    return Err(format!("not called slow: {response}"));
                }
            }
            _ => return Err(format!("to somebody who never came to an end: {all:?}")),
        }
        Ok(())
    }

    async fn leave(&self, class: Class, bytes: &[u8], how: Leave, is_whole: bool) -> Result<(), String> {
        let mut connection = Connection::open(self.address).await?;
        connection.send(bytes).await.map_err(|error| format!("not even sent: {error}"))?;
        match how {
            Leave::Close => drop(connection),
            Leave::Reset => connection.reset(),
            Leave::HalfClose => {
                connection.finish().await;
                let all = self.all(connection).await?;
                all.iter().try_for_each(well_formed)?;
                if let [response] = &all[..] {
                    self.tally.lock().count_response(class, response);
                    return Ok(());
                }
                if !all.is_empty() {
                    return Err(format!("more than one answer: {all:?}"));
                }
            }
        }
        let mut tally = self.tally.lock();
        tally.count(class, "gone");
        tally.untold += usize::from(is_whole);
        Ok(())
    }
}

/// Whether a response is one of the table, or of those that are refused before they are requests.
fn well_formed(response: &Response) -> Result<(), String> {
    if response.body.is_empty() && NO_REQUEST.contains(&response.status) {
        return Ok(());
    }
    verdict(response).map(|_| ())
}

fn tells_of_job(response: &Response) -> bool {
    response.json().is_ok_and(|body| body.get("attempts").is_some())
}

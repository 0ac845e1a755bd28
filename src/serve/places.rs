//! Places for connections: who has one, and who has to leave it.
//!
//! A connection that neither works nor ends keeps others out. It leaves once it has had its time, and sooner for a
//! newcomer who would find no place: the one that has been idle for longest goes, unless it was at work just now, as
//! those are that send one request after another. One look at all of them now and then does for what would be a timer a
//! request.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// As many places as there may be connections.
pub(super) struct Places {
    free: Arc<Semaphore>,
    most: u32,
    taken: Mutex<Slab<Arc<Seat>>>,
    /// How often somebody has looked.
    looks: Arc<AtomicU64>,
}

/// The place of one connection, for as long as it lasts.
pub(super) struct Place {
    of: Arc<Places>,
    key: usize,
    seat: Arc<Seat>,
    _permit: OwnedSemaphorePermit,
}

/// What is known of a connection from outside.
pub(super) struct Seat {
    /// At which look it became idle, or [`WORKS`].
    idle_since: AtomicU64,
    has_answered: AtomicBool,
    has_to_leave: AtomicBool,
    waker: AtomicWaker,
    looks: Arc<AtomicU64>,
}

/// A request is being answered.
const WORKS: u64 = u64::MAX;

/// How often the places are looked at in the time that a connection may be idle: it may get the part of a look more.
pub(super) const LOOKS: u32 = 32;

/// For how many looks a connection is idle before it makes room: one whole one, and the part in which it became idle.
const NOT_JUST_NOW: u64 = 2;

impl Places {
    pub fn new(most: usize) -> Arc<Self> {
        let most = u32::try_from(most.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let (taken, looks) = Default::default();
        Arc::new(Self { free: Arc::new(Semaphore::new(most as usize)), most, taken, looks })
    }

    /// Gives a place, as soon as there is one.
    pub async fn take(self: &Arc<Self>) -> Place {
        let permit = Arc::clone(&self.free).acquire_owned().await.expect("nobody closes the semaphore");
        let seat = Arc::new(Seat {
            idle_since: AtomicU64::new(self.looks.load(Ordering::Relaxed)),
            has_answered: AtomicBool::new(false),
            has_to_leave: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            looks: Arc::clone(&self.looks),
        });
        let key = self.taken.lock().insert(Arc::clone(&seat));
        Place { of: Arc::clone(self), key, seat, _permit: permit }
    }

    pub fn are_all_taken(&self) -> bool {
        self.free.available_permits() == 0
    }

    /// Asks those to leave that have been idle for [`LOOKS`] looks and the part of one.
    pub fn look(&self) {
        let look = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
        let has_had_its_time = |seat: &Seat| {
            let idle_since = seat.idle_since.load(Ordering::Relaxed);
            idle_since != WORKS && look.saturating_sub(idle_since) > u64::from(LOOKS)
        };
        let taken = self.taken.lock();
        taken.iter().filter(|(_, seat)| has_had_its_time(seat)).for_each(|(_, seat)| seat.ask_to_leave());
    }

    /// Asks the one to leave that has been idle for longest, of those that have not been asked. Says whether there is one.
    pub fn make_room(&self) -> bool {
        let look = self.looks.load(Ordering::Relaxed);
        let taken = self.taken.lock();
        let seats = taken.iter().map(|(_, seat)| (seat.idle_since.load(Ordering::Relaxed), seat));
        let may_go = |since: u64, seat: &Seat| {
            since != WORKS
                && look.saturating_sub(since) >= NOT_JUST_NOW
                && !seat.has_to_leave.load(Ordering::Relaxed)
        };
        let goes = seats.filter(|(since, seat)| may_go(*since, seat)).min_by_key(|(since, _)| *since);
        if let Some((_, seat)) = goes {
            seat.ask_to_leave();
        }
        goes.is_some()
    }

    /// Asks all to leave, and waits until they have: whoever works does when it has answered.
    pub async fn clear(&self) {
        self.taken.lock().iter().for_each(|(_, seat)| seat.ask_to_leave());
        // Nobody closes the semaphore.
        let _ = self.free.acquire_many(self.most).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.taken.lock().try_remove(self.key);
    }
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, or with an answer.
    Served,
    /// In the middle of nothing: it was asked to leave.
    Left,
}

impl Place {
    /// What tells that the connection works.
    pub fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }

    /// Serves a connection until it ends, or is asked to leave and can: `finish` lets it end with the answer that it is
    /// at, or at once if it is at none.
    ///
    /// # Errors
    /// Those of the connection.
    pub async fn serve<C>(&self, connection: C, finish: impl Fn(Pin<&mut C>)) -> hyper::Result<End>
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = pin!(connection);
        let mut is_leaving = false;
        let mut end = End::Served;
        poll_fn(|context| {
            if !is_leaving && self.seat.has_to_leave(context) {
                is_leaving = true;
                if !self.seat.works_now() {
                    end = End::Left;
                    if !self.seat.has_answered.load(Ordering::Relaxed) {
                        // hyper would go on to wait for the rest of a first header.
                        return Poll::Ready(Ok(()));
                    }
                }
                finish(connection.as_mut());
            }
            connection.as_mut().poll(context)
        })
        .await?;
        Ok(end)
    }
}

impl Seat {
    /// From now on, and until that is dropped, a request is being answered.
    pub fn works(self: &Arc<Self>) -> Work {
        self.idle_since.store(WORKS, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    fn works_now(&self) -> bool {
        self.idle_since.load(Ordering::Relaxed) == WORKS
    }

    fn ask_to_leave(&self) {
        self.has_to_leave.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it has been asked to; the connection's task is woken when it is.
    fn has_to_leave(&self, context: &Context<'_>) -> bool {
        self.waker.register(context.waker());
        self.has_to_leave.load(Ordering::Acquire)
    }
}

/// A request that is being answered.
pub(super) struct Work(Arc<Seat>);

impl Drop for Work {
    fn drop(&mut self) {
        let Seat { idle_since, has_answered, looks, .. } = &*self.0;
        has_answered.store(true, Ordering::Relaxed);
        idle_since.store(looks.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// A connection that never ends by itself.
    async fn connection(place: Place) -> End {
        place.serve(std::future::pending(), |_| ()).await.unwrap()
    }

    fn has_to_leave(place: &Place) -> bool {
        place.seat.has_to_leave.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn who_has_been_idle_for_longest_makes_room_and_who_works_does_not() {
        let places = Places::new(3);
        let [works, first, second] = [places.take().await, places.take().await, places.take().await];
        let work = works.seat().works();
        places.look();
        drop(second.seat().works());
        assert!(places.are_all_taken());
        assert!(!places.make_room(), "both may be between two requests");
        places.look();
        assert!(places.make_room());
        assert!(has_to_leave(&first) && !places.make_room(), "the second was at work later");
        places.look();
        assert!(places.make_room());
        assert!(has_to_leave(&second));
        assert!(!places.make_room(), "the others are on their way, or work");
        assert!(!has_to_leave(&works));
        assert_eq!(connection(first).await, End::Left);
        assert!(!places.are_all_taken());
        timeout(Duration::from_secs(20), places.take()).await.expect("there is room");
        drop(work);
    }

    #[tokio::test]
    async fn who_is_idle_for_too_long_has_to_leave() {
        let places = Places::new(2);
        let [idle, works] = [places.take().await, places.take().await];
        let work = works.seat().works();
        for _ in 0..LOOKS {
            places.look();
            assert!(!has_to_leave(&idle));
        }
        places.look();
        assert!(has_to_leave(&idle) && !has_to_leave(&works));
        drop(work);
        places.look();
        assert!(!has_to_leave(&works), "its time begins when its work ends");
    }

    #[tokio::test]
    async fn all_leave_when_asked_and_who_works_when_it_has_answered() {
        let places = Places::new(2);
        let [idle, works] = [places.take().await, places.take().await];
        let work = works.seat().works();
        let (finish, finished) = tokio::sync::oneshot::channel();
        let serving = tokio::spawn(async move {
            let answers = async { Ok(_ = finished.await) };
            works.serve(answers, |_| ()).await.unwrap()
        });
        let idle = tokio::spawn(connection(idle));
        let mut cleared = pin!(places.clear());
        assert!(timeout(Duration::from_millis(20), &mut cleared).await.is_err(), "one works");
        assert_eq!(idle.await.unwrap(), End::Left);
        finish.send(()).unwrap();
        assert_eq!(serving.await.unwrap(), End::Served);
        drop(work);
        cleared.await;
    }
}

//! The job queue: Boa hands its jobs over, and the isolate runs them one by one between looks at the clock.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{self, Waker};

use boa_engine::job::{Job, JobExecutor};
use boa_engine::{Context, JsResult};

/// Jobs in the order in which they were asked for.
#[derive(Default)]
pub struct Jobs(RefCell<VecDeque<Job>>);

impl Jobs {
    /// Takes the next job and runs it; `None` when none waits.
    pub fn run_next(&self, context: &mut Context) -> Option<JsResult<()>> {
        let job = self.0.borrow_mut().pop_front()?;
        Some(match job {
            Job::PromiseJob(job) => job.call(context).map(drop),
            Job::GenericJob(job) => job.call(context).map(drop),
            // Nothing here ever wakes a job that waits for the world outside: what is not ready at once
            // (a module to import) never will be.
            Job::AsyncJob(job) => {
                let context = RefCell::new(context);
                let mut waits = job.call(&context);
                let polled = Future::poll(
                    std::pin::Pin::new(&mut waits),
                    &mut task::Context::from_waker(Waker::noop()),
                );
                match polled {
                    task::Poll::Ready(done) => done.map(drop),
                    task::Poll::Pending => Ok(()),
                }
            }
            // There are no timers.
            _ => Ok(()),
        })
    }

    /// Forgets all that waits.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

impl JobExecutor for Jobs {
    fn enqueue_job(self: Rc<Self>, job: Job, _: &mut Context) {
        self.0.borrow_mut().push_back(job);
    }

    /// Asked for by nothing the guest can reach; the isolate runs jobs itself.
    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        while let Some(done) = self.run_next(context) {
            done?;
        }
        Ok(())
    }
}

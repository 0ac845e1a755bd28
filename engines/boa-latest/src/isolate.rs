//! One Boa context, its realm and its queue of jobs.
//!
//! A context has one realm for life: Boa keeps every realm that was made in a context until that is dropped
//! (about 0.3 MiB each), so a reset is a new isolate.

use std::rc::Rc;

use boa_engine::Context;

use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::guest::Guest;
use crate::jobs::Jobs;
use crate::realm::{Realm, Script};

/// Frames of JavaScript at once: the engine's own default. Where builtins call back, each of them takes
/// native stack too.
const MOST_FRAMES: usize = 512;

/// A context with a realm.
pub struct Isolate {
    // Dropped before the context it was made in.
    realm: Realm,
    context: Context,
    jobs: Rc<Jobs>,
    spent: bool,
}

impl Isolate {
    /// A new one.
    ///
    /// # Errors
    /// [`Fault::Engine`].
    pub fn new() -> Result<Self, Fault> {
        let jobs = Rc::new(Jobs::default());
        let mut context = Context::builder().job_executor(Rc::clone(&jobs)).build().map_err(Fault::engine)?;
        context.runtime_limits_mut().set_recursion_limit(MOST_FRAMES);
        let realm = Realm::furnish(&mut context)?;
        Ok(Self { realm, context, jobs, spent: false })
    }

    /// Whether it must be dropped.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    /// Runs setup, compiles the body; gives the script's number.
    ///
    /// # Errors
    /// Any [`Fault`] of guest code.
    pub fn load(&mut self, script: &Script, deadline: Deadline) -> Result<u32, Fault> {
        self.under(deadline, |realm, guest| realm.load(script, guest))
    }

    /// The script's answer, JSON text.
    ///
    /// # Errors
    /// Any [`Fault`] of guest code.
    pub fn call(&mut self, script: u32, input: &str, deadline: Deadline) -> Result<String, Fault> {
        self.under(deadline, |realm, guest| realm.call(script, input, guest))
    }

    fn under<T>(
        &mut self,
        deadline: Deadline,
        work: impl FnOnce(&mut Realm, &mut Guest) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.spent {
            return Err(Fault::engine("the isolate is spent"));
        }
        let mut guest = Guest::new(&mut self.context, &self.jobs, deadline);
        // Until the work is known to have ended well: a panic leaves through here.
        self.spent = true;
        let done = work(&mut self.realm, &mut guest);
        self.spent = guest.is_broken();
        if done.is_err() {
            self.jobs.clear();
        }
        if deadline.has_passed() { Err(Fault::Timeout) } else { done }
    }
}

//! V8's start-up snapshots: the heap of a realm in which a script was loaded, from which isolates start.
//!
//! - A snapshot is taken of a runtime made for nothing else, after setup has run and the body is compiled, both to
//!   the last inner function. V8 is told to keep what it compiled (`FunctionCodeHandling::Keep`): bytecode is in the
//!   snapshot, machine code and type feedback are not.
//! - Isolates of different origins cannot live in one process at a time (see [`Origin`]): each waits for the others.
//! - What we need again in the realm made from it lies in a private property of the global object, which no guest
//!   can see.
//! - deno_core wants its `Deno` in the global object when it takes up a snapshot. It is put back for that when setup
//!   has run and taken away again before anything else runs. No guest ever sees it.
//! - V8 adds to a realm when it takes it up from a snapshot: `WebAssembly`, `SharedArrayBuffer`,
//!   `Error.stackTraceLimit` and the newest built-ins. Setup runs without them.
//! - V8 ends the process over what it cannot write (objects of `Intl`, a `FinalizationRegistry` in use), over built-ins
//!   that it must add to and setup froze or filled in, and over a snapshot that does not fit into the heap. Against the
//!   last, an isolate gets at least the heap limit under which the snapshot was made; the others are for whoever calls
//!   this in a process of its own.
//! - Of a snapshot V8 looks at the version alone before it believes it. [`Prepared`] sees to the rest.

use std::rc::Rc;
use std::slice;

use ::deno_core::{JsRuntime, v8};

use super::super::super::{Aid, Deadline, JsError, Limits, Prepared, Script};
use super::compile::{self, Effort};
use super::convert::stopped;
use super::platform::{self, Origin, Seat};
use super::realm::Realm;
use super::stop::Stopper;
use super::{Binding, cache, callbacks, params};

/// A runtime that ends as a snapshot.
pub(in super::super) trait Maker: Sized {
    /// Builds it, with everything still in the global object that comes with it.
    fn make(params: v8::CreateParams) -> Result<Self, JsError>;

    /// As [`Binding::tokio`].
    fn tokio(&self) -> Option<Rc<tokio::runtime::Runtime>> {
        None
    }

    /// The runtime underneath.
    fn runtime(&mut self) -> &mut JsRuntime;

    /// Its heap. No handle into it may be left.
    fn finish(self) -> Box<[u8]>;
}

/// Loads a script into a runtime of its own and takes the snapshot.
pub(in super::super) fn take<B: Binding>(
    limits: &Limits,
    script: &Script,
    deadline: &Deadline,
) -> Result<Prepared, JsError> {
    let _seat = Seat::take(&Origin::Written)?;
    platform::initialise();
    let mut maker = B::Maker::make(params::<B>(limits)?)?;
    let mut stopper = Stopper::new();
    stopper.attach(maker.runtime());
    let filled = fill::<B>(&mut maker, &stopper, script, deadline);
    // After a failure too: deno_core gives such a runtime back in no other way.
    let heap = maker.finish();
    filled?;
    let parts = vec![heap_limit(limits).to_le_bytes().to_vec(), heap.into_vec()];
    // SAFETY: this engine has just written them for it.
    Ok(unsafe { Prepared::seal(Aid::Snapshot, &version::<B>(), script, parts) })
}

fn fill<B: Binding>(
    maker: &mut B::Maker,
    stopper: &Stopper,
    script: &Script,
    deadline: &Deadline,
) -> Result<(), JsError> {
    let tokio = maker.tokio();
    let _entered = tokio.as_ref().map(|tokio| tokio.enter());
    let runtime = maker.runtime();
    callbacks::install(runtime.v8_isolate());
    let whole = deno(runtime)?;
    let prelude = prelude::<B>(runtime)?;
    let cut_down = deno(runtime)?;
    callbacks::define(runtime)?;
    let realm = Realm::capture(&mut runtime.handle_scope(), stopper.flag())?;
    stopper.enter(deadline);
    let packed = {
        let scope = &mut runtime.handle_scope();
        compile::loaded(scope, &realm, script, Effort::Everything)
            .and_then(|function| pack(scope, &realm, function, prelude, whole, cut_down))
    };
    stopper.leave(runtime.v8_isolate(), deadline)?;
    packed
}

/// Runs the binding's prelude in a new realm, and gives what it evaluates to.
pub(super) fn prelude<B: Binding>(runtime: &mut JsRuntime) -> Result<v8::Global<v8::Value>, JsError> {
    runtime
        .execute_script("jsarena", B::PRELUDE)
        .map_err(|error| JsError::Engine(format!("the prelude of {}: {error}", B::version())))
}

/// What a realm keeps, each at its place in one array.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    /// See [`Realm`].
    Error,
    AsyncFunction,
    /// What the prelude evaluated to.
    Prelude,
    /// What guests may see of `Deno`; undefined if nothing.
    Deno,
    /// The function of the script's body.
    Script,
}

fn pack(
    scope: &mut v8::HandleScope,
    realm: &Realm,
    function: v8::Global<v8::Function>,
    prelude: v8::Global<v8::Value>,
    whole: v8::Global<v8::Value>,
    cut_down: v8::Global<v8::Value>,
) -> Result<(), JsError> {
    let scope = &mut v8::TryCatch::new(scope);
    let global = scope.get_current_context().global(scope);
    let (whole, cut_down) = (v8::Local::new(scope, whole), v8::Local::new(scope, cut_down));
    let error = v8::Local::new(scope, &realm.error);
    // A getter of the guest's may answer here: it is within the deadline, and what it throws is no answer.
    if !own(scope, error, "stackTraceLimit").is_some_and(|limit| limit.is_undefined()) {
        return Err(in_the_way("`Error.stackTraceLimit`"));
    }
    if !own(scope, global, "Deno").is_some_and(|now| now.strict_equals(cut_down)) {
        return Err(in_the_way("the global `Deno`"));
    }
    let name = name(scope, "Deno")?;
    let deleted = global.delete(scope, name.into()) == Some(true);
    if !deleted || global.create_data_property(scope, name.into(), whole) != Some(true) {
        return Err(in_the_way("what may be done to the global object"));
    }
    let kept: [v8::Local<v8::Value>; 5] = [
        error.into(),
        v8::Local::new(scope, &realm.async_function).into(),
        v8::Local::new(scope, prelude),
        cut_down,
        v8::Local::new(scope, function).into(),
    ];
    let kept = v8::Array::new_with_elements(scope, &kept);
    let key = key(scope)?;
    match global.set_private(scope, key, kept.into()) {
        Some(true) => Ok(()),
        _ => Err(stopped()),
    }
}

fn in_the_way(what: &str) -> JsError {
    JsError::Engine(format!("no snapshot: setup changes {what}, which starting from one would change again"))
}

/// What a realm from a snapshot keeps.
pub(super) fn kept<'s>(
    scope: &mut v8::HandleScope<'s>,
    which: Kept,
) -> Result<v8::Local<'s, v8::Value>, JsError> {
    let key = key(scope)?;
    let global = scope.get_current_context().global(scope);
    global
        .get_private(scope, key)
        .and_then(|kept| kept.try_cast::<v8::Array>().ok())
        .and_then(|kept| kept.get_index(scope, which as u32))
        .ok_or_else(|| JsError::Engine(format!("the snapshot lacks what it was to keep: {which:?}")))
}

/// Makes a realm from a snapshot fit for guests again, and gives what the prelude evaluated to.
pub(super) fn enter(runtime: &mut JsRuntime) -> Result<v8::Global<v8::Value>, JsError> {
    let scope = &mut runtime.handle_scope();
    let global = scope.get_current_context().global(scope);
    let cut_down = kept(scope, Kept::Deno)?;
    let name = name(scope, "Deno")?;
    let done = if cut_down.is_undefined() {
        global.delete(scope, name.into())
    } else {
        global.create_data_property(scope, name.into(), cut_down)
    };
    if done != Some(true) {
        return Err(JsError::Engine("the snapshot's `Deno` cannot be taken away".to_owned()));
    }
    let prelude = kept(scope, Kept::Prelude)?;
    Ok(v8::Global::new(scope, prelude))
}

/// The function of the script's body.
pub(super) fn function(scope: &mut v8::HandleScope) -> Result<v8::Global<v8::Function>, JsError> {
    match kept(scope, Kept::Script)?.try_cast::<v8::Function>() {
        Ok(function) => Ok(v8::Global::new(scope, function)),
        Err(_) => Err(JsError::Engine("the snapshot's script is no function".to_owned())),
    }
}

/// `globalThis.Deno` as it stands, or undefined.
fn deno(runtime: &mut JsRuntime) -> Result<v8::Global<v8::Value>, JsError> {
    let scope = &mut runtime.handle_scope();
    let global = scope.get_current_context().global(scope);
    match own(scope, global, "Deno") {
        Some(value) => Ok(v8::Global::new(scope, value)),
        None => Err(stopped()),
    }
}

/// The object's own property, undefined if it has none; nothing if a getter of the guest's throws.
fn own<'s>(
    scope: &mut v8::HandleScope<'s>,
    object: v8::Local<'s, v8::Object>,
    name: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let name = v8::String::new(scope, name)?;
    if object.has_own_property(scope, name.into())? {
        object.get(scope, name.into())
    } else {
        Some(v8::undefined(scope).into())
    }
}

fn name<'s>(scope: &mut v8::HandleScope<'s>, name: &str) -> Result<v8::Local<'s, v8::String>, JsError> {
    v8::String::new(scope, name).ok_or_else(stopped)
}

fn key<'s>(scope: &mut v8::HandleScope<'s>) -> Result<v8::Local<'s, v8::Private>, JsError> {
    let name = name(scope, "jsarena")?;
    Ok(v8::Private::for_api(scope, Some(name)))
}

/// A snapshot that was looked at: this engine's, of this script, undamaged.
pub(super) struct Snapshot {
    /// Those of `prepared`.
    bytes: &'static [u8],
    prepared: Prepared,
    script: Script,
}

impl Snapshot {
    /// Looks at what was prepared, for an isolate with these limits.
    pub(super) fn open<B: Binding>(
        limits: &Limits,
        script: &Script,
        prepared: &Prepared,
    ) -> Result<Rc<Self>, JsError> {
        // The version has V8's flags in it.
        platform::initialise();
        let [least, bytes] = prepared.open(Aid::Snapshot, &version::<B>(), script)? else {
            return Err(JsError::Engine("the snapshot has not the parts of one".to_owned()));
        };
        let least = least.as_slice().try_into().map_or(u64::MAX, u64::from_le_bytes);
        if heap_limit(limits) < least {
            return Err(JsError::Engine(
                "the snapshot was made under a larger heap limit, and may not fit into this one".to_owned(),
            ));
        }
        let bytes = bytes.as_slice();
        // SAFETY: `prepared` shares them and never changes them, and lies beside them from here on.
        let bytes = unsafe { slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
        Ok(Rc::new(Self { bytes, prepared: prepared.clone(), script: script.clone() }))
    }

    /// The heap, for as long as `self` lives.
    ///
    /// # Safety
    /// Nothing made of them may be left when `self` is dropped.
    pub(super) unsafe fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    /// What its isolates start from.
    pub(super) fn origin(&self) -> Origin {
        Origin::Snapshot(self.prepared.seal_text().to_owned())
    }

    /// Whether it is this one, of this script.
    pub(super) fn is(&self, script: &Script, prepared: &Prepared) -> bool {
        self.prepared == *prepared && self.script == *script
    }
}

/// The limit in bytes; without one, more than any.
fn heap_limit(limits: &Limits) -> u64 {
    limits.heap.map_or(u64::MAX, |heap| heap.as_u64())
}

/// What a snapshot depends on: V8 and its flags, and what the runtime puts into its heap.
fn version<B: Binding>() -> String {
    format!("{}, jsarena {}, {}", B::version(), env!("CARGO_PKG_VERSION"), cache::version())
}

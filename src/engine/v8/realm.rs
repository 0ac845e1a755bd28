//! What conversions need to know of a realm.

use ::deno_core::v8;

use super::super::super::JsError;
use super::snapshot::{Kept, kept};
use super::stop::StopFlag;

/// What conversions need to know: what the realm held before any guest code ran and could change it, and
/// whether guest code may still be run.
pub(in super::super) struct Realm {
    pub(super) stop: StopFlag,
    /// `Error`, for `instanceof`.
    pub(super) error: v8::Global<v8::Object>,
    /// The constructor of async functions, which has no global name.
    pub(super) async_function: v8::Global<v8::Function>,
}

impl Realm {
    /// Of a new realm, before any guest code.
    pub(super) fn capture(scope: &mut v8::HandleScope, stop: StopFlag) -> Result<Self, JsError> {
        let mut find = |source: &str| {
            let source = v8::String::new(scope, source)?;
            let value = v8::Script::compile(scope, source, None)?.run(scope)?;
            Some(v8::Global::new(scope, value))
        };
        let found = find("Error").zip(find("(async () => {}).constructor"));
        found
            .and_then(|(error, async_function)| Self::of(scope, stop, error, async_function))
            .ok_or_else(lacks)
    }

    /// Of a realm from a snapshot, in which guest code ran before: what was captured when the snapshot was made.
    pub(super) fn kept(scope: &mut v8::HandleScope, stop: StopFlag) -> Result<Self, JsError> {
        let [error, async_function] = [kept(scope, Kept::Error)?, kept(scope, Kept::AsyncFunction)?];
        let (error, async_function) = (v8::Global::new(scope, error), v8::Global::new(scope, async_function));
        Self::of(scope, stop, error, async_function).ok_or_else(lacks)
    }

    fn of(
        scope: &mut v8::HandleScope,
        stop: StopFlag,
        error: v8::Global<v8::Value>,
        async_function: v8::Global<v8::Value>,
    ) -> Option<Self> {
        let error = v8::Local::new(scope, error).try_cast::<v8::Object>().ok()?;
        let async_function = v8::Local::new(scope, async_function).try_cast::<v8::Function>().ok()?;
        Some(Self {
            stop,
            error: v8::Global::new(scope, error),
            async_function: v8::Global::new(scope, async_function),
        })
    }
}

fn lacks() -> JsError {
    JsError::Engine("a new realm lacks its built-in objects".to_owned())
}

//! From V8's values to answers and errors. All of it may run guest code (`toJSON`, getters, proxies), so
//! all of it is called inside the deadline, and nothing here trusts what comes back.

use ::deno_core::error::{CoreError, CoreErrorKind};
use ::deno_core::v8;

use super::super::super::JsError;
use super::Realm;

/// A scope in which guest code may throw.
pub(in super::super) type Catch<'a, 'b> = v8::TryCatch<'a, v8::HandleScope<'b>>;

/// What a call came back with.
pub(in super::super) enum Answer {
    /// The result's JSON text.
    Json(String),
    /// A promise that only the event loop can settle.
    Pending(v8::Global<v8::Promise>),
}

/// Converts what a script returned.
pub(in super::super) fn answer<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    value: v8::Local<'b, v8::Value>,
) -> Result<Answer, JsError> {
    let Ok(promise) = value.try_cast::<v8::Promise>() else {
        return json(scope, realm, value).map(Answer::Json);
    };
    // V8 has run the promise jobs on the way out of the call: most promises are settled by now.
    match promise.state() {
        v8::PromiseState::Pending => Ok(Answer::Pending(v8::Global::new(scope, promise))),
        v8::PromiseState::Fulfilled => {
            let value = promise.result(scope);
            json(scope, realm, value).map(Answer::Json)
        }
        v8::PromiseState::Rejected => {
            let reason = promise.result(scope);
            Err(describe(scope, realm, reason))
        }
    }
}

fn json<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    value: v8::Local<'b, v8::Value>,
) -> Result<String, JsError> {
    if realm.stop.is_set() {
        return Err(stopped());
    }
    let Some(text) = v8::json::stringify(scope, value) else {
        return Err(match failure(scope, realm) {
            JsError::Exception { name, message, .. } if name == THROWN => JsError::InvalidResult(message),
            JsError::Exception { name, message, .. } => JsError::InvalidResult(format!("{name}: {message}")),
            JsError::StackOverflow => JsError::InvalidResult("it nests too deeply for JSON".to_owned()),
            other => other,
        });
    };
    // V8's function gives the text "undefined", which no JSON value has, where JSON.stringify gives the value.
    if text.length() == "undefined".len() {
        let text = text.to_rust_string_lossy(scope);
        if text != "undefined" {
            return Ok(text);
        }
        let what = if value.is_undefined() {
            "undefined"
        } else if value.is_function() {
            "a function"
        } else if value.is_symbol() {
            "a symbol"
        } else {
            "a value whose toJSON gives none"
        };
        return Err(JsError::InvalidResult(format!("the script returned {what}, which has no JSON form")));
    }
    Ok(text.to_rust_string_lossy(scope))
}

/// The error of a thrown value that is no error object.
const THROWN: &str = "Thrown";

/// What the scope caught.
pub(in super::super) fn failure(scope: &mut Catch<'_, '_>, realm: &Realm) -> JsError {
    if scope.has_terminated() || realm.stop.is_set() {
        return stopped();
    }
    match scope.exception() {
        Some(exception) => {
            scope.reset();
            describe(scope, realm, exception)
        }
        None => JsError::Engine("V8 gave neither a value nor an exception".to_owned()),
    }
}

/// Stands for the real reason, which only leaving the call can tell.
pub(super) fn stopped() -> JsError {
    JsError::Engine("execution was terminated".to_owned())
}

/// Puts a thrown value into words.
pub(in super::super) fn describe<'b>(
    scope: &mut Catch<'_, 'b>,
    realm: &Realm,
    thrown: v8::Local<'b, v8::Value>,
) -> JsError {
    let native = thrown.is_native_error();
    let error = match thrown.try_cast::<v8::Object>() {
        Ok(object) if native || is_error(scope, realm, object) => object,
        _ => return thrown_value(scope, realm, thrown),
    };
    let name = match property(scope, realm, error, "name") {
        Some(name) => name,
        None if native => "Error".to_owned(),
        // A proxy that inherits from Error and answers no question is no error to anybody.
        None => return thrown_value(scope, realm, thrown),
    };
    let message = property(scope, realm, error, "message").unwrap_or_default();
    if name == "RangeError" && message == "Maximum call stack size exceeded" {
        return JsError::StackOverflow;
    }
    let stack = property(scope, realm, error, "stack").unwrap_or_default();
    JsError::Exception { name, message, stack }
}

/// A thrown value that is no error object, in its string form.
fn thrown_value(scope: &mut Catch<'_, '_>, realm: &Realm, thrown: v8::Local<v8::Value>) -> JsError {
    let message = text(scope, realm, thrown).unwrap_or_else(|| "a value without a string form".to_owned());
    JsError::Exception { name: THROWN.to_owned(), message, stack: String::new() }
}

/// Whether `object` inherits from `Error` without being made by it, as a `DOMException` does.
fn is_error(scope: &mut Catch<'_, '_>, realm: &Realm, object: v8::Local<v8::Object>) -> bool {
    if realm.stop.is_set() {
        return false;
    }
    let error = v8::Local::new(scope, &realm.error);
    object.instance_of(scope, error).or_else(|| reset(scope)).unwrap_or(false)
}

/// `String(object[name])`, unless that throws.
fn property(
    scope: &mut Catch<'_, '_>,
    realm: &Realm,
    object: v8::Local<v8::Object>,
    name: &str,
) -> Option<String> {
    if realm.stop.is_set() {
        return None;
    }
    let key = v8::String::new(scope, name)?;
    match object.get(scope, key.into()) {
        Some(value) => text(scope, realm, value),
        None => reset(scope),
    }
}

/// `String(value)`, unless that throws.
fn text(scope: &mut Catch<'_, '_>, realm: &Realm, value: v8::Local<v8::Value>) -> Option<String> {
    if realm.stop.is_set() {
        return None;
    }
    // Only String itself turns symbols into text; V8's conversion throws, except the one for debuggers.
    let text = if value.is_symbol() { value.to_detail_string(scope) } else { value.to_string(scope) };
    match text {
        Some(text) => Some(text.to_rust_string_lossy(scope)),
        None => reset(scope),
    }
}

/// Forgets an exception of no interest.
fn reset<T>(scope: &mut Catch<'_, '_>) -> Option<T> {
    scope.reset();
    None
}

/// What made the event loop itself fail: a timer that threw, for one.
pub(super) fn loop_failure(error: &CoreError) -> JsError {
    match error.as_kind() {
        CoreErrorKind::Js(error) => JsError::Exception {
            name: error.name.clone().unwrap_or_else(|| THROWN.to_owned()),
            message: error.message.clone().unwrap_or_else(|| error.exception_message.clone()),
            stack: error.stack.clone().unwrap_or_default(),
        },
        other => JsError::Engine(other.to_string()),
    }
}

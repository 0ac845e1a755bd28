//! What was thrown, as the protocol tells it.

use std::error::Error as StdError;

use boa_engine::builtins::error::Error;
use boa_engine::error::{EngineError, RuntimeLimitError};
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, js_string};

use crate::fault::Fault;

/// What an error comes to. The getters of one are guest code, which the iteration limit stops.
pub fn fault(error: JsError, context: &mut Context) -> Fault {
    match error.as_engine() {
        None => describe(error, context).unwrap_or_else(|stopped| fault(stopped, context)),
        Some(engine) => match limit_in(engine) {
            Some(RuntimeLimitError::LoopIteration) => Fault::Timeout,
            Some(_) => Fault::StackOverflow,
            None => Fault::engine(engine),
        },
    }
}

/// Whether the engine gave up on its own state.
pub fn is_engine_panic(error: &JsError) -> bool {
    matches!(error.as_engine(), Some(EngineError::Panic(_)))
}

/// The limit that was exceeded. Where an `await` meets one, Boa wraps it into a panic of its own.
fn limit_in(error: &EngineError) -> Option<RuntimeLimitError> {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(error) = cause {
        let engine = error.downcast_ref::<EngineError>().or_else(|| {
            let boxed = error.downcast_ref::<Box<JsError>>().map(|error| &**error);
            boxed.or(error.downcast_ref::<JsError>())?.as_engine()
        });
        if let Some(EngineError::RuntimeLimit(limit)) = engine {
            return Some(*limit);
        }
        cause = error.source();
    }
    None
}

/// Name, message and stack; or the limit that reading them exceeded.
fn describe(error: JsError, context: &mut Context) -> JsResult<Fault> {
    let value = error.into_opaque(context)?;
    let Some(object) = value.as_object().filter(|object| object.is::<Error>()) else {
        let message = text(&value, context)?.unwrap_or_else(|| "a value that has no string form".to_owned());
        return Ok(Fault::Exception { name: "Thrown".to_owned(), message, stack: String::new() });
    };
    let mut field = |key: JsString| match object.get(key, context) {
        Ok(value) if value.is_undefined() => Ok(None),
        Ok(value) => text(&value, context),
        Err(error) if error.as_engine().is_some() => Err(error),
        Err(_) => Ok(None),
    };
    Ok(Fault::Exception {
        name: field(js_string!("name"))?.unwrap_or_else(|| "Error".to_owned()),
        message: field(js_string!("message"))?.unwrap_or_default(),
        stack: field(js_string!("stack"))?.unwrap_or_default(),
    })
}

/// The string form of a value, where it has one.
fn text(value: &JsValue, context: &mut Context) -> JsResult<Option<String>> {
    if let Some(symbol) = value.as_symbol() {
        return Ok(Some(symbol.descriptive_string().to_std_string_lossy()));
    }
    match value.to_string(context) {
        Ok(text) => Ok(Some(text.to_std_string_lossy())),
        Err(error) if error.as_engine().is_some() => Err(error),
        Err(_) => Ok(None),
    }
}

/// A syntax error at its place in the guest's own text, which Boa tells in the message only. `own` starts in
/// column `indent` + 1 of the first line.
pub fn syntax(message: &str, own: &str, indent: u32) -> Fault {
    let number_after = |word: &str| {
        let (_, rest) = message.rsplit_once(word)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    let lines = own.split('\n').count() as u32;
    let (line, column) = match (number_after("line "), number_after("col ")) {
        (Some(1), Some(column)) => (1, column.saturating_sub(indent).max(1)),
        (Some(line), Some(column)) if line <= lines => (line, column),
        // The source ended too early, or where the wrapper closes it.
        _ => (lines, own.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1),
    };
    Fault::Syntax { message: message.to_owned(), line: Some(line), column: Some(column) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_is_placed_in_the_guests_text() {
        let check = |message: &str, own: &str, at: (u32, u32)| {
            let Fault::Syntax { line, column, .. } = syntax(message, own, 17) else { panic!("{message}") };
            assert_eq!((line, column), (Some(at.0), Some(at.1)), "{message}");
        };
        check("unexpected '@' at line 1, col 26", "let b = @", (1, 9));
        check("unexpected '@' at line 2, col 9", "let a\nlet b = @", (2, 9));
        check("abrupt end", "let a\nif (", (2, 5));
        check("expected ';' at line 3, col 1", "let a\nif (", (2, 5));
    }
}

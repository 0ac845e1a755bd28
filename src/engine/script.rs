//! What an isolate loads: a function body, and what it expects to find in the global scope.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A script: the body of a function of `input`, compiled once per isolate and called many times.
///
/// `return` gives the answer; `await` is allowed; `this` is the global object (sloppy mode), as in a function
/// that a user writes without ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// Shown in stack traces and messages.
    pub name: String,
    /// The function body, with `input` in scope.
    pub body: String,
    /// Sources run once in the global scope, in order, before the body is compiled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<String>,
}

impl Script {
    /// A script without setup.
    pub fn new(name: impl Into<String>, body: impl Into<String>) -> Self {
        Self { name: name.into(), body: body.into(), setup: Vec::new() }
    }

    /// What its setup of that number, counted from 1, is called in stack traces.
    pub fn setup_name(&self, position: u32) -> String {
        format!("{} setup {position}", self.name)
    }

    /// Bytes of its body and setup together.
    pub fn source_bytes(&self) -> usize {
        self.body.len() + self.setup.iter().map(String::len).sum::<usize>()
    }

    /// Whether the body may need to be an async function: the word `await` stands in it.
    ///
    /// An adapter compiles such a body as async first and, if that does not parse, as an ordinary function
    /// (where `await` is a plain name). All others are compiled as ordinary functions, which cost no promise.
    pub fn mentions_await(&self) -> bool {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        self.body.match_indices("await").any(|(at, word)| {
            !self.body[..at].ends_with(part_of_word)
                && !self.body[at + word.len()..].starts_with(part_of_word)
        })
    }
}

/// Names a script loaded into one isolate. Void after [`Isolate::reset`](super::Isolate::reset).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScriptId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn await_is_seen_as_a_word_only() {
        let check = |body: &str, expected: bool| {
            assert_eq!(Script::new("t", body).mentions_await(), expected, "{body}");
        };
        check("return await p", true);
        check("await(p)", true);
        check("for await (const x of y) {}", true);
        check("return 1+1", false);
        check("let awaiting = 1; return awaiting", false);
        check("return $await + _await", false);
    }
}

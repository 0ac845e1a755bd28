//! What went wrong, as the body of an *error* says it.

use serde::Serialize;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The guest threw.
    Exception { name: String, message: String, stack: String },
    /// The source does not parse.
    Syntax { message: String, line: Option<u32>, column: Option<u32> },
    /// The time allowed passed.
    Timeout,
    /// Recursion went too deep.
    StackOverflow,
    /// The answer is no JSON value.
    InvalidResult { message: String },
    /// The engine failed, or the request makes no sense.
    Engine { message: String },
    /// Code that is no guest's panicked.
    Panic { message: String },
}

impl Fault {
    /// One of the engine, or of a request that makes no sense.
    pub fn engine(message: impl ToString) -> Self {
        Self::Engine { message: message.to_string() }
    }

    /// One of the answer.
    pub fn invalid(message: impl ToString) -> Self {
        Self::InvalidResult { message: message.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_those_of_the_protocol() {
        let check = |fault: Fault, json: &str| assert_eq!(serde_json::to_string(&fault).unwrap(), json);
        check(Fault::StackOverflow, r#"{"kind":"stack_overflow"}"#);
        check(Fault::invalid("no"), r#"{"kind":"invalid_result","message":"no"}"#);
        check(
            Fault::Syntax { message: "m".to_owned(), line: Some(2), column: None },
            r#"{"kind":"syntax","message":"m","line":2,"column":null}"#,
        );
    }
}

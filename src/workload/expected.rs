//! The answer a workload must give, and the check of an answer against it.

use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;

use super::json::{compare, excerpt};

/// A workload's right answer: JSON, and how far a floating point number may be from it.
#[derive(Debug, Clone)]
pub struct Expected {
    text: Arc<str>,
    tolerance: f64,
}

impl Expected {
    /// An expected answer from JSON text. `tolerance` is relative and meant for numbers with a fraction; zero
    /// asks for the very number.
    ///
    /// # Errors
    /// When the text is not JSON, or nested deeper than a parser should have to follow.
    pub fn new(text: &str, tolerance: f64) -> Result<Self, serde_json::Error> {
        // A full parse, for it also refuses what is nested too deep; `compare` relies on that.
        serde_json::from_str::<serde_json::Value>(text)?;
        Ok(Self { text: compact(text).into(), tolerance })
    }

    /// That which is `null`.
    pub fn null() -> Self {
        Self { text: "null".into(), tolerance: 0.0 }
    }

    /// The answer as compact JSON text, numbers and strings spelt as in its file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How far a floating point number may be off, as a share of its value.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Whether `answer` is JSON that says the same: objects in any order of keys, numbers by value.
    pub fn accepts(&self, answer: &str) -> bool {
        self.explain(answer).is_none()
    }

    /// Why `answer` is not accepted, in one line with the place and both values; `None` when it is.
    pub fn explain(&self, answer: &str) -> Option<String> {
        if answer == &*self.text {
            return None;
        }
        let raw = match serde_json::from_str::<&RawValue>(answer) {
            Ok(raw) => raw,
            Err(error) => return Some(format!("not valid JSON ({error}): {}", excerpt(answer))),
        };
        match serde_json::from_str::<&RawValue>(&self.text) {
            Ok(expected) => compare(expected, raw, self.tolerance).err().map(|found| found.to_string()),
            // Cannot be: `new` has parsed it.
            Err(error) => Some(format!("the expected answer is not valid JSON: {error}")),
        }
    }
}

/// Checks many answers of one workload, at the price of a byte comparison for most.
///
/// An engine that spells its answer in its own way spells it so every time: the first accepted spelling is
/// remembered. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct Checker(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    expected: Expected,
    spelling: OnceLock<String>,
}

impl Checker {
    /// A checker that has seen nothing yet.
    pub fn new(expected: Expected) -> Self {
        Self(Arc::new(Memory { expected, spelling: OnceLock::new() }))
    }

    /// Whether `answer` is right. The same as [`Expected::accepts`], only faster the second time.
    pub fn accepts(&self, answer: &str) -> bool {
        let Memory { expected, spelling } = &*self.0;
        if answer == expected.text() || spelling.get().is_some_and(|seen| seen == answer) {
            return true;
        }
        let accepted = expected.accepts(answer);
        if accepted {
            // Another thread may have been first; one spelling is enough.
            let _ = spelling.set(answer.to_owned());
        }
        accepted
    }
}

/// Valid JSON without the whitespace between its parts, all else as it was.
fn compact(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    text.chars()
        .filter(|&c| {
            if in_string {
                in_string = escaped || c != '"';
                escaped = !escaped && c == '\\';
                return true;
            }
            in_string = c == '"';
            !matches!(c, ' ' | '\n' | '\r' | '\t')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn expect(text: &str) -> Expected {
        Expected::new(text, 0.0).unwrap()
    }

    #[test]
    fn answers_are_compared_by_what_they_say() {
        let check = |expected: &str, answer: &str, accepted: bool| {
            assert_eq!(expect(expected).accepts(answer), accepted, "{expected} {answer}");
        };
        check("2", "2", true);
        check("2", " 2.0\n", true);
        check("2", "3", false);
        check("2", "\"2\"", false);
        check("null", "null", true);
        check("null", "false", false);
        check("true", "1", false);
        check("\"ä\"", "\"\\u00e4\"", true);
        check("\"a \\\" b\"", "\"a \\\" b\"", true);
        check("[1, 2]", "[1,2]", true);
        check("[1, 2]", "[2,1]", false);
        check("[1]", "[1,1]", false);
        check("[1,1]", "[1]", false);
        check("[]", "{}", false);
        check("{\"a\": 1, \"b\": [{}]}", "{\"b\":[{}],\"a\":1.0}", true);
        check("{\"a\":1}", "{}", false);
        check("{}", "{\"a\":1}", false);
        check("{\"a\":null}", "{\"b\":null}", false);
        check("1", "", false);
        check("1", "1 1", false);
        check("1", "undefined", false);
        check("\"a\"", "\"\\ud800\"", false);
    }

    #[test]
    fn explains_in_one_line() {
        let check = |expected: &str, answer: &str, why: &str| {
            assert_eq!(expect(expected).explain(answer).as_deref(), Some(why));
        };
        check("2", "3", "at $: expected 2, got 3");
        check(
            "{\"a\":[1,{\"b c\":2}]}",
            "{\"a\":[1,{\"b c\":3}]}",
            "at $[\"a\"][1][\"b c\"]: expected 2, got 3",
        );
        check("[1,2]", "[1]", "at $[1]: expected 2, got nothing");
        check("[1]", "[1,2]", "at $[1]: expected nothing, got 2");
        check("{\"a\":1}", "{}", "at $[\"a\"]: expected 1, got nothing");
        check("{}", "{\"a\":\n1}", "at $[\"a\"]: expected nothing, got 1");
        check("[]", "{\n}", "at $: expected [], got { }");
        check("1", "x", "not valid JSON (expected value at line 1 column 1): x");
        let long = format!("\"{}\"", "x".repeat(500));
        assert!(expect("1").explain(&long).unwrap().len() < 150);
    }

    #[test]
    fn a_deep_answer_does_not_use_up_the_stack() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(!expect("[[[1]]]").accepts(&deep));
        assert!(Expected::new(&deep, 0.0).is_err());
    }

    #[test]
    fn a_checker_remembers_one_spelling_and_still_checks_others() {
        let checker = Checker::new(expect("{\"a\":1,\"b\":2}"));
        let other = checker.clone();
        assert!(!checker.accepts("{\"b\":3,\"a\":1}"));
        assert!(checker.accepts("{\"b\":2,\"a\":1}"));
        assert_eq!(other.0.spelling.get().map(String::as_str), Some("{\"b\":2,\"a\":1}"));
        assert!(other.accepts("{\"b\":2, \"a\":1}"));
        assert!(other.accepts("{\"a\":1,\"b\":2}"));
        assert!(!other.accepts("{\"b\":2,\"a\":2}"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The value as JSON text, keys rotated by `turn` and whitespace strewn in.
    fn respelt(value: &Value, turn: usize) -> String {
        match value {
            Value::Array(values) => {
                let parts: Vec<_> = values.iter().map(|inner| respelt(inner, turn)).collect();
                format!("[ {}\n]", parts.join(" ,\t"))
            }
            Value::Object(map) => {
                let mut parts: Vec<_> = map
                    .iter()
                    .map(|(key, inner)| format!("{} : {}", Value::from(key.as_str()), respelt(inner, turn)))
                    .collect();
                let by = turn % parts.len().max(1);
                parts.rotate_left(by);
                format!("{{\r\n{}}}", parts.join(","))
            }
            leaf => leaf.to_string(),
        }
    }

    proptest! {
        #[test]
        fn any_value_accepts_its_own_respelling(value in any_json(), turn in 0usize..6) {
            let expected = expect(&value.to_string());
            prop_assert_eq!(expected.explain(&respelt(&value, turn)), None);
            prop_assert_eq!(compact(&respelt(&value, 0)), value.to_string());
        }

        #[test]
        fn no_answer_makes_the_check_panic(value in any_json(), answer in ".{0,40}", other in any_json()) {
            let expected = expect(&value.to_string());
            let _ = expected.explain(&answer);
            // Not the other way round: 0 and 0.0 are two values to serde_json and one number to us.
            prop_assert!(expected.accepts(&other.to_string()) || value != other);
        }
    }
}

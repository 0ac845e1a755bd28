//! Comparison of JSON texts by what they say: the order of keys and the spelling of a number do not count.
//!
//! It works on the texts, not on parsed values, because a parsed number has lost what lies beyond a 64-bit
//! float, and an engine that loses it too must not pass.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;

/// Where an answer first departs from what was expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Keys and indices on the way to it, innermost first.
    path: Vec<String>,
    expected: String,
    answer: String,
}

impl Difference {
    fn between(expected: &str, answer: &str) -> Self {
        Self { path: Vec::new(), expected: excerpt(expected), answer: excerpt(answer) }
    }

    fn under(mut self, step: impl FnOnce() -> String) -> Self {
        self.path.push(step());
        self
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path: String = self.path.iter().rev().map(String::as_str).collect();
        write!(f, "at ${}: expected {}, got {}", excerpt(&path), self.expected, self.answer)
    }
}

/// Checks that `answer` says what `expected` says.
///
/// Recursion goes no deeper than `expected` does, whatever the answer: a hostile one cannot use up the stack.
///
/// # Errors
/// The first difference found.
pub(super) fn compare(expected: &RawValue, answer: &RawValue, tolerance: f64) -> Result<(), Difference> {
    let (wanted, got) = (expected.get(), answer.get());
    if wanted == got {
        return Ok(());
    }
    let differ = || Err(Difference::between(wanted, got));
    // Parsing the wrong type and parsing a string with a lone surrogate both fail: the latter was valid JSON,
    // and is equal only to its own text, which has been looked at above.
    match wanted.as_bytes().first() {
        Some(b'{') => match (object(wanted), object(got)) {
            (Some(wanted), Some(got)) => compare_objects(&wanted, &got, tolerance),
            _ => differ(),
        },
        Some(b'[') => match (array(wanted), array(got)) {
            (Some(wanted), Some(got)) => compare_arrays(&wanted, &got, tolerance),
            _ => differ(),
        },
        Some(b'"') => match (serde_json::from_str::<String>(wanted), serde_json::from_str::<String>(got)) {
            (Ok(wanted), Ok(got)) if wanted == got => Ok(()),
            _ => differ(),
        },
        Some(b'-' | b'0'..=b'9') if numbers_agree(wanted, got, tolerance) => Ok(()),
        _ => differ(),
    }
}

fn object(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

fn array(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

fn compare_objects(
    expected: &BTreeMap<String, &RawValue>,
    answer: &BTreeMap<String, &RawValue>,
    tolerance: f64,
) -> Result<(), Difference> {
    let step = |key: &str| format!("[{}]", serde_json::Value::from(key));
    for (key, wanted) in expected {
        let found = match answer.get(key) {
            Some(got) => compare(wanted, got, tolerance),
            None => Err(Difference::between(wanted.get(), "nothing")),
        };
        found.map_err(|difference| difference.under(|| step(key)))?;
    }
    match answer.iter().find(|(key, _)| !expected.contains_key(*key)) {
        Some((key, got)) => Err(Difference::between("nothing", got.get()).under(|| step(key))),
        None => Ok(()),
    }
}

fn compare_arrays(expected: &[&RawValue], answer: &[&RawValue], tolerance: f64) -> Result<(), Difference> {
    for (at, (wanted, got)) in expected.iter().zip(answer).enumerate() {
        compare(wanted, got, tolerance).map_err(|difference| difference.under(|| format!("[{at}]")))?;
    }
    if expected.len() == answer.len() {
        return Ok(());
    }
    let at = expected.len().min(answer.len());
    let element = |values: &[&RawValue]| values.get(at).map_or("nothing", |value| value.get()).to_owned();
    Err(Difference::between(&element(expected), &element(answer)).under(|| format!("[{at}]")))
}

/// Whether two JSON numbers are the same number, or as close as `tolerance` allows.
///
/// What a 64-bit float holds is compared as one. Integers beyond 2^53 and numbers with more digits than a
/// float needs are compared digit by digit, and so are two integers under a tolerance: that is meant for
/// results of floating point arithmetic, not for counts.
fn numbers_agree(expected: &str, answer: &str, tolerance: f64) -> bool {
    let (Some(wanted), Some(got)) = (Decimal::parse(expected), Decimal::parse(answer)) else { return false };
    if wanted == got {
        return true;
    }
    let (Ok(a), Ok(b)) = (expected.parse::<f64>(), answer.parse::<f64>()) else { return false };
    let counts = [expected, answer].iter().all(|text| !text.contains(['.', 'e', 'E']));
    if tolerance > 0.0 && !counts {
        return (a - b).abs() <= tolerance * a.abs().max(b.abs());
    }
    let exact = |number: &Decimal| number.digits.len() <= 17 && !number.is_integer_beyond_2_53();
    exact(&wanted) && exact(&got) && a == b
}

/// A decimal number in its one normal form: `±0.DIGITS × 10^exponent`, no zeros at either end of the digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` for what is no number, or one whose exponent is beyond all reason.
    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            // Minus zero is zero: JavaScript writes it so.
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let leading_zeros = all.len() - significant.len();
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading_zeros).ok()?;
        Some(Self { negative, digits: digits.to_owned(), exponent: point + i64::from(exponent) })
    }

    fn is_integer_beyond_2_53(&self) -> bool {
        let is_integer = usize::try_from(self.exponent).is_ok_and(|exponent| exponent >= self.digits.len());
        // 2^53 has 16 digits: of the same length, digits compare like numbers.
        let limit = "9007199254740992";
        is_integer && (self.exponent > 16 || (self.exponent == 16 && self.digits.as_str() > limit))
    }
}

/// At most one short line of a text.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 80;
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == MOST {
            // Writing to a string cannot fail.
            let _ = write!(line, "… ({} bytes)", text.len());
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_by_value() {
        let check = |a: &str, b: &str, tolerance: f64, expected: bool| {
            assert_eq!(numbers_agree(a, b, tolerance), expected, "{a} {b} {tolerance}");
            assert_eq!(numbers_agree(b, a, tolerance), expected, "{b} {a} {tolerance}");
        };
        check("1", "1.0", 0.0, true);
        check("100", "1e2", 0.0, true);
        check("-0", "0", 0.0, true);
        check("0.00", "0e5", 0.0, true);
        check("1", "-1", 0.0, false);
        check("1", "10", 0.0, false);
        check("0.1", "0.10000000000000001", 0.0, true);
        check("0.1", "0.1000000000000000055511151231257827", 0.0, false);
        check("9007199254740992", "9007199254740993", 0.0, false);
        check("9007199254740993", "9007199254740993.0", 0.0, true);
        check("1180591620717411303424", "1180591620717411300000", 0.0, false);
        check("1e21", "1000000000000000000000", 0.0, true);
        check("1.7976931348623157e308", "17976931348623157e292", 0.0, true);
        check("1e999", "1e998", 0.0, false);
        check("1e999", "10e998", 0.0, true);
        check("1e99999999999", "1e99999999999", 0.0, false);
        check("0.3", "0.30000000000000004", 0.0, false);
        check("0.3", "0.30000000000000004", 1e-12, true);
        check("3", "2.9999999999999996", 1e-12, true);
        check("1000000", "1000001", 0.1, false);
        check("1.5", "true", 0.5, false);
        check("1", "", 0.0, false);
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("a\nb"), "a b");
        assert_eq!(excerpt(&"ä".repeat(81)), format!("{}… (162 bytes)", "ä".repeat(80)));
    }
}

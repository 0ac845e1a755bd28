//! Texts of a record made fit for a page.

use crate::load::{Arrivals, Plan, Spacing, Stop};
use crate::report::Quantity;

/// The most characters of a guest's message that a page shows. The record has the whole.
const LONGEST: usize = 300;

/// A text from outside on one line, without characters that steer a terminal or turn the reading direction.
/// Scripts write their own error messages, so these can hold anything.
pub(in crate::report) fn clean(text: &str) -> String {
    let mut clean = String::new();
    for (index, character) in text.trim().chars().enumerate() {
        if index == LONGEST {
            clean.push('…');
            break;
        }
        clean.push(match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => {
                '\u{fffd}'
            }
            other if other.is_control() => '\u{fffd}',
            other => other,
        });
    }
    clean
}

/// A load in words.
pub(in crate::report) fn load_text(workers: u32, plan: &Plan) -> String {
    let arrivals = match plan.arrivals {
        Arrivals::Closed { concurrency } => {
            format!("closed loop of {}", plural(concurrency.into(), "client"))
        }
        Arrivals::Open { rate_per_s, spacing } => {
            let spacing = match spacing {
                Spacing::Constant => "evenly spaced",
                Spacing::Poisson => "Poisson",
            };
            format!("open loop at {} ({spacing})", Quantity::Rate(rate_per_s))
        }
    };
    let stop = match plan.stop {
        Stop::After(time) => format!("{} s", time.as_secs_f64()),
        Stop::Count(jobs) => plural(jobs, "job"),
    };
    let warmup = plan.warmup.as_secs_f64();
    let hostile = match plan.hostile {
        share if share > 0.0 => format!(", {} hostile", Quantity::Share(share)),
        _ => String::new(),
    };
    // Of a server nobody knows how many it has.
    let workers = if workers > 0 { format!("{}, ", plural(workers.into(), "worker")) } else { String::new() };
    format!("{workers}{arrivals}{hostile}, {stop} after {warmup} s of warm-up")
}

/// A text cut to at most this many characters.
pub(in crate::report) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// A count with its noun.
pub(in crate::report) fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", Quantity::Count(count), if count == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub(in crate::report) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The first few of many, so that a sentence stays one.
pub(in crate::report) fn some_of(items: &[String], most: usize) -> String {
    if items.len() <= most {
        return list(items);
    }
    format!("{} and {} more", items[..most].join(", "), items.len() - most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_one_quiet_line() {
        assert_eq!(clean(" a\nb\tc "), "a b c");
        assert_eq!(clean("\u{1b}[31mred\u{7}"), "\u{fffd}[31mred\u{fffd}");
        assert_eq!(clean("abc\u{202e}cba"), "abc\u{fffd}cba");
        assert_eq!(clean(&"x".repeat(1000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn lists_read_as_sentences() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items), "a, b and c");
        assert_eq!(list(&items[..1]), "a");
        assert_eq!(some_of(&items, 2), "a, b and 1 more");
        assert_eq!(some_of(&items, 3), "a, b and c");
        assert_eq!(shortened("äöü ß", 4), "äöü…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}

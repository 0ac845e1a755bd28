//! Values with a unit, written the same way on the command line and in a config file.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

/// A time, such as `10s`, `250ms` or `1m 30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(pub Duration);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|error| format!("`{text}` is no time ({error}); write 10s, 250ms or 2m"))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

/// A size in bytes, such as `128MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(pub ByteSize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is no size; write 128MiB or 2GiB"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B", self.0.as_u64())
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

/// Several numbers, such as `1,2,4`; in a config file also one number or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CountsForm", into = "Vec<u32>")]
pub struct Counts(pub Vec<u32>);

/// The ways in which a config file may have them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "neither a number nor a list of numbers; write 2 or [1, 2, 4]")]
enum CountsForm {
    One(u32),
    Several(Vec<u32>),
    Text(String),
}

impl FromStr for Counts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| part.trim().parse().map_err(|_| part.trim().to_owned());
        text.split(',')
            .map(number)
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|part| format!("`{part}` is no number; write 2 or 1,2,4"))
    }
}

impl TryFrom<CountsForm> for Counts {
    type Error = String;

    fn try_from(form: CountsForm) -> Result<Self, Self::Error> {
        match form {
            CountsForm::One(count) => Ok(Self(vec![count])),
            CountsForm::Several(counts) => Ok(Self(counts)),
            CountsForm::Text(text) => text.parse(),
        }
    }
}

impl From<Counts> for Vec<u32> {
    fn from(counts: Counts) -> Self {
        counts.0
    }
}

/// A part of a whole, such as `5%` or `0.05`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| digits.trim().parse::<f64>().ok();
        let share = match text.trim().strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| percent / 100.0),
            None => number(text),
        };
        share
            .filter(|share| (0.0..=1.0).contains(share))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no part of a whole; write 5% or 0.05"))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_are_the_same_value() {
        for text in ["10s", "250ms", "1m 30s"] {
            let time: Time = text.parse().unwrap();
            assert_eq!(String::from(time).parse::<Time>().unwrap(), time);
        }
        for text in ["128MiB", "1GB", "4096"] {
            let size: Size = text.parse().unwrap();
            assert_eq!(String::from(size).parse::<Size>().unwrap(), size);
        }
        for (text, counts) in [("2", vec![2]), ("1, 2,4", vec![1, 2, 4])] {
            let read: Counts = text.parse().unwrap();
            assert_eq!(read.0, counts);
            assert_eq!(serde_json::from_value::<Counts>(serde_json::to_value(&read).unwrap()).unwrap(), read);
        }
        for (form, counts) in [("2", vec![2]), ("[1,2]", vec![1, 2]), ("\"1,2\"", vec![1, 2])] {
            assert_eq!(serde_json::from_str::<Counts>(form).unwrap().0, counts);
        }
        for (text, value) in [("5%", 0.05), ("0.05", 0.05), ("100 %", 1.0), ("0", 0.0)] {
            let share: Share = text.parse().unwrap();
            assert!((share.0 - value).abs() < 1e-12, "{text}");
            assert_eq!(String::from(share).parse::<Share>().unwrap(), share);
        }
    }

    #[test]
    fn what_is_neither_says_how_to_write_it() {
        assert!("ten".parse::<Time>().unwrap_err().contains("write 10s"));
        for text in ["some", "101%", "-1%", "5", "NaN"] {
            assert!(text.parse::<Share>().unwrap_err().contains("write 5%"), "{text}");
        }
        assert!("1,two".parse::<Counts>().unwrap_err().contains("`two` is no number"));
        assert!(serde_json::from_str::<Counts>("true").unwrap_err().to_string().contains("write 2 or"));
        assert!("lots".parse::<Size>().unwrap_err().contains("write 128MiB"));
    }
}

//! Which part of a matrix this machine runs.

use std::fmt;
use std::str::FromStr;

/// One of several parts of a matrix, such as `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| digits.trim().parse::<u32>().ok();
        text.split_once('/')
            .and_then(|(index, of)| Some(Self { index: number(index)?, of: number(of)? }))
            .filter(|shard| (1..=shard.of).contains(&shard.index))
            .ok_or_else(|| format!("`{text}` is no shard; write 1/4 to 4/4 for the four parts of a whole"))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_those_there_are() {
        for text in ["1/1", "1/4", "4/4"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["0/4", "5/4", "0/0", "1", "1/", "/4", "a/b", "-1/4"] {
            assert!(text.parse::<Shard>().unwrap_err().contains("write 1/4"), "{text}");
        }
    }
}

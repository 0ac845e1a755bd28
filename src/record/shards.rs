//! Which shards of a matrix a record holds.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The shards that a record holds of a matrix that several machines split. A set, so that shards merged before all
/// of them are there still tell which are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shards {
    /// Numbers of those it holds, from 1.
    pub held: BTreeSet<u32>,
    /// How many there are.
    pub of: u32,
}

impl Shards {
    /// Numbers of those it does not hold.
    pub fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        (1..=self.of).filter(|index| !self.held.contains(index))
    }

    /// What is wrong with the numbers.
    pub(super) fn check(&self) -> Option<String> {
        let Self { held, of } = self;
        match held.iter().find(|index| !(1..=*of).contains(*index)) {
            Some(index) => Some(format!("shards: {index} is none of {of}")),
            None if held.is_empty() => Some("shards: it holds none".to_owned()),
            None => None,
        }
    }
}

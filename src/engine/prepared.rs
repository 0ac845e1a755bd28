//! A script in the form that its engine loads sooner than the source.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{JsError, Script};

/// What an engine is given to start sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aid {
    /// Nothing: it compiles the source.
    None,
    /// What its compiler found out about the source, which it still needs.
    CodeCache,
    /// The compiled script instead of the source.
    Bytecode,
    /// A heap in which everything is loaded already.
    Snapshot,
}

impl Aid {
    /// Every aid.
    pub const ALL: [Self; 4] = [Self::None, Self::CodeCache, Self::Bytecode, Self::Snapshot];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CodeCache => "code_cache",
            Self::Bytecode => "bytecode",
            Self::Snapshot => "snapshot",
        }
    }
}

/// A script as an engine compiled it, or the heap in which it was loaded, sealed. Copies share the bytes.
///
/// Engines take such bytes at their word: made-up ones are undefined behaviour. The seal tells damage, another script
/// and another version of the engine. It does not tell malice, for anyone can make one; so what comes from outside is
/// only [`Received`] until somebody vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared(Arc<Sealed>);

/// A prepared script as it came from another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Received(Sealed);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sealed {
    aid: Aid,
    /// Of bytecode and code caches one for each source of the script that has one: setup, then body.
    parts: Vec<Vec<u8>>,
    seal: String,
}

impl Prepared {
    /// Seals what `engine`, named with its version, made of `script`.
    ///
    /// # Safety
    /// The parts are what this version of this engine wrote for this script.
    pub unsafe fn seal(aid: Aid, engine: &str, script: &Script, parts: Vec<Vec<u8>>) -> Self {
        let seal = seal(aid, engine, script, &parts);
        Self(Arc::new(Sealed { aid, parts, seal }))
    }

    /// Which aid it is.
    pub fn aid(&self) -> Aid {
        self.0.aid
    }

    /// What tells it from others.
    pub fn seal_text(&self) -> &str {
        &self.0.seal
    }

    /// The parts, if they are undamaged and what `engine` makes of `script`.
    ///
    /// # Errors
    /// [`JsError::Engine`] otherwise.
    pub fn open(&self, aid: Aid, engine: &str, script: &Script) -> Result<&[Vec<u8>], JsError> {
        let Sealed { aid: own, parts, seal: sealed } = &*self.0;
        if *own == aid && *sealed == seal(aid, engine, script, parts) {
            Ok(parts)
        } else {
            Err(JsError::Engine(
                "the prepared script is damaged, or is of another script or engine".to_owned(),
            ))
        }
    }
}

impl Received {
    /// Which aid it is.
    pub fn aid(&self) -> Aid {
        self.0.aid
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.0.parts.iter().map(|part| part.len() as u64).sum()
    }

    /// Takes it for what it says it is.
    ///
    /// # Safety
    /// It was serialised from a [`Prepared`] by a process that this one trusts as itself. Damage on the way does no
    /// harm.
    pub unsafe fn trust(self) -> Prepared {
        Prepared(Arc::new(self.0))
    }
}

impl From<Prepared> for Received {
    fn from(prepared: Prepared) -> Self {
        Self(Arc::unwrap_or_clone(prepared.0))
    }
}

impl Serialize for Prepared {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

fn seal(aid: Aid, engine: &str, script: &Script, parts: &[Vec<u8>]) -> String {
    let mut hash = Sha256::new();
    let own = [aid.as_str(), engine, &script.name, &script.body].map(str::as_bytes);
    let setup = script.setup.iter().map(String::as_bytes);
    hash.update((script.setup.len() as u64).to_le_bytes());
    // Each with its length before it, so that nothing can move from one to the next.
    for piece in own.into_iter().chain(setup).chain(parts.iter().map(Vec::as_slice)) {
        hash.update((piece.len() as u64).to_le_bytes());
        hash.update(piece);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aids_are_named_alike_in_records_and_here() {
        for aid in Aid::ALL {
            assert_eq!(serde_json::to_value(aid).unwrap(), aid.as_str());
        }
    }

    #[test]
    fn only_the_very_parts_of_the_very_script_are_opened() {
        let script = Script { setup: vec!["let a = 1".to_owned()], ..Script::new("s", "return a") };
        let parts = vec![vec![1, 2], vec![3]];
        // SAFETY: no engine reads it.
        let prepared = unsafe { Prepared::seal(Aid::Bytecode, "e 1", &script, parts.clone()) };
        assert_eq!(prepared.open(Aid::Bytecode, "e 1", &script), Ok(&parts[..]));
        let received = Received::from(prepared.clone());
        assert_eq!((received.aid(), received.bytes()), (Aid::Bytecode, 3));
        assert!(prepared.open(Aid::Bytecode, "e 2", &script).is_err());
        assert!(prepared.open(Aid::CodeCache, "e 1", &script).is_err());
        assert!(prepared.open(Aid::Bytecode, "e 1", &Script::new("s", "return a")).is_err());
        for damaged in [vec![vec![1, 2], vec![4]], vec![vec![1], vec![2, 3]], vec![vec![1, 2]]] {
            let damaged = Prepared(Arc::new(Sealed { parts: damaged, ..(*prepared.0).clone() }));
            assert!(damaged.open(Aid::Bytecode, "e 1", &script).is_err(), "{damaged:?}");
        }
    }
}

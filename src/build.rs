//! Facts of the program, baked in when it was built.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod baked {
    #![allow(dead_code, missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/built.rs"));
}

/// The program a record was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuildFacts {
    /// jsarena's version.
    pub jsarena: String,
    /// Compiler.
    pub rustc: String,
    /// Target triple.
    pub target: String,
    /// Cargo profile; anything but `release` measures the wrong thing.
    pub profile: String,
    /// Optimisation level.
    pub opt_level: String,
    /// Cargo features that were on.
    pub features: Vec<String>,
    /// Locked versions of the engines' crates.
    pub crates: Vec<String>,
}

/// Crates whose versions decide what is measured.
const CRATES: [&str; 8] =
    ["rustyscript", "deno_core", "v8", "boa_engine", "rquickjs", "rquickjs-sys", "tokio", "hdrhistogram"];

impl BuildFacts {
    /// Those of this program.
    pub fn read() -> Self {
        Self {
            jsarena: env!("CARGO_PKG_VERSION").to_owned(),
            rustc: baked::RUSTC_VERSION.to_owned(),
            target: baked::TARGET.to_owned(),
            profile: baked::PROFILE.to_owned(),
            opt_level: baked::OPT_LEVEL.to_owned(),
            features: baked::FEATURES_LOWERCASE.iter().map(ToString::to_string).collect(),
            crates: CRATES.iter().filter(|name| version_of(name).is_some()).map(|name| named(name)).collect(),
        }
    }
}

/// The locked version of a dependency, if the lock file was there when this was built.
pub fn version_of(name: &str) -> Option<&'static str> {
    baked::DEPENDENCIES.iter().find(|(dependency, _)| *dependency == name).map(|(_, version)| *version)
}

/// A dependency's name and locked version: `rquickjs 0.14.0`, or `(version unknown)`.
pub fn named(name: &str) -> String {
    format!("{name} {}", version_of(name).unwrap_or("(version unknown)"))
}

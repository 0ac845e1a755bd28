//! The one list of engines. Adding one: its file, its feature in Cargo.toml, its two lines here.

use std::sync::Arc;

use super::JsEngine;

#[cfg(feature = "boa")]
#[path = "boa.rs"]
pub mod boa;
#[cfg(feature = "deno_core")]
#[path = "deno_core.rs"]
pub mod deno_core;
#[cfg(feature = "quickjs")]
#[path = "quickjs.rs"]
pub mod quickjs;
#[cfg(feature = "rustyscript")]
#[path = "rustyscript.rs"]
pub mod rustyscript;
/// Not an engine: what the two engines on V8 share.
#[cfg(any(feature = "rustyscript", feature = "deno_core"))]
#[path = "v8/mod.rs"]
mod v8;

/// Makes the entry of an engine behind the Cargo feature of the same name.
macro_rules! entry {
    ($feature:literal, $make:expr) => {
        Entry {
            id: $feature,
            #[cfg(feature = $feature)]
            make: Some(|| Arc::new($make)),
            #[cfg(not(feature = $feature))]
            make: None,
        }
    };
}

/// Every engine this program knows, in the order in which tables list them.
static ENTRIES: &[Entry] = &[
    entry!("rustyscript", rustyscript::RustyScript),
    entry!("deno_core", deno_core::DenoCore),
    entry!("boa", boa::Boa),
    entry!("quickjs", quickjs::QuickJs),
];

/// The engine for tests and calibration: always built, listed only when asked for by name.
pub const FAKE: &str = "fake";

/// An engine known by name, built into this program or not.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    id: &'static str,
    make: Option<fn() -> Arc<dyn JsEngine>>,
}

impl Entry {
    /// The engine's name.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The engine, or why this program does not have it.
    ///
    /// # Errors
    /// [`NotBuilt`] when the engine's feature was off.
    pub fn engine(&self) -> Result<Arc<dyn JsEngine>, NotBuilt> {
        self.make.map(|make| make()).ok_or(NotBuilt { id: self.id })
    }
}

/// A known engine that this program was built without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not built: this jsarena was compiled without the `{id}` feature; `scripts/setup` says what it needs"
)]
pub struct NotBuilt {
    id: &'static str,
}

/// Every engine this program knows, built in or not, without the fake.
pub fn entries() -> &'static [Entry] {
    ENTRIES
}

/// The entry called `id`, the fake included.
pub fn find(id: &str) -> Option<Entry> {
    let fake = Entry { id: FAKE, make: Some(|| Arc::new(super::fake::Fake::default())) };
    ENTRIES.iter().copied().chain([fake]).find(|entry| entry.id == id)
}

/// Every engine built into this program, without the fake.
pub fn built() -> impl Iterator<Item = Arc<dyn JsEngine>> {
    ENTRIES.iter().filter_map(|entry| entry.engine().ok())
}

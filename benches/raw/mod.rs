//! Each engine's fastest correct route for `return 1+1`, JSON text in and out, without the adapter: a mark to
//! hold the adapter's own cost against. No deadline, no limits, no error conversion.

use criterion::Bencher;

#[cfg(feature = "boa")]
mod boa;
#[cfg(feature = "deno_core")]
mod deno_core;
#[cfg(feature = "quickjs")]
mod quickjs;
#[cfg(feature = "rustyscript")]
mod rustyscript;

/// An engine's raw route.
pub struct Route {
    /// The engine's name in the registry.
    pub engine: &'static str,
    /// Calls the compiled `return 1+1` again and again.
    pub one_plus_one: fn(&mut Bencher<'_>),
}

/// The routes of the engines that are built in.
pub fn routes() -> &'static [Route] {
    &[
        #[cfg(feature = "rustyscript")]
        Route { engine: "rustyscript", one_plus_one: rustyscript::one_plus_one },
        #[cfg(feature = "deno_core")]
        Route { engine: "deno_core", one_plus_one: deno_core::one_plus_one },
        #[cfg(feature = "boa")]
        Route { engine: "boa", one_plus_one: boa::one_plus_one },
        #[cfg(feature = "quickjs")]
        Route { engine: "quickjs", one_plus_one: quickjs::one_plus_one },
    ]
}

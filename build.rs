//! Bakes in what the program says about itself: compiler, profile, features and the locked dependencies.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed=build.rs");
    if let Err(error) = built::write_built_file() {
        // As a dependency of something else there is no lock file beside this package: versions are then
        // unknown, and records say so.
        let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
        println!("cargo:warning=build facts are incomplete: {error}");
        fs::write(Path::new(&out).join("built.rs"), FALLBACK).expect("OUT_DIR can be written");
    }
}

const FALLBACK: &str = r#"
pub const RUSTC_VERSION: &str = "unknown";
pub const PROFILE: &str = "unknown";
pub const OPT_LEVEL: &str = "unknown";
pub const TARGET: &str = "unknown";
pub const FEATURES_LOWERCASE: [&str; 0] = [];
pub const DEPENDENCIES: [(&str, &str); 0] = [];
"#;

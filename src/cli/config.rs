//! Flags and `jsarena.toml` put together, before anything in them is checked.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::Deserialize;

use super::engines::{self, ForeignEntry};
use super::gate::GateTable;
use super::serve::ServeTable;
use super::{Counts, Flags, Share, Size, Time, UsageError};
use crate::executor::Foreign;

/// Flags and file put together, not yet checked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Merged {
    pub engines: Vec<String>,
    pub workloads: Vec<String>,
    pub url: Vec<String>,
    pub url_name: Vec<String>,
    pub url_body: Option<PathBuf>,
    pub url_method: Option<String>,
    pub url_header: Vec<String>,
    pub isolation: Vec<String>,
    pub reuse: Vec<String>,
    pub workers: Option<Counts>,
    pub concurrency: Option<u32>,
    pub rate: Option<f64>,
    pub spacing: Option<String>,
    pub duration: Option<Time>,
    pub count: Option<u64>,
    pub warmup: Option<Time>,
    pub rounds: Option<u32>,
    pub minimal_effect: Option<Share>,
    pub timeout: Option<Time>,
    pub outer_timeout: Option<Time>,
    pub memory: Option<Size>,
    pub queue: Option<u32>,
    pub recycle_jobs: Option<u64>,
    pub recycle_heap: Option<Size>,
    pub blocking_threads: Option<u32>,
    pub retries: Option<u32>,
    pub breaker: Option<u32>,
    pub in_flight: Option<u32>,
    pub hostile: Option<Share>,
    pub hostile_timeout: Option<Time>,
    pub corpus: Option<PathBuf>,
    pub scripts: Vec<String>,
    pub seed: Option<u64>,
    pub slo: Option<String>,
    pub precision: Option<Share>,
    pub confirm: Option<u32>,
    pub quick: bool,
    pub out: Option<PathBuf>,
    pub format: Option<String>,
    pub engine: Vec<ForeignEntry>,
    pub gate: GateTable,
    pub serve: ServeTable,
}

/// The foreign engines that the config file names.
///
/// # Errors
/// As [`Settings::gather`](super::Settings::gather).
pub fn foreign(config: Option<&Path>) -> Result<Vec<Foreign>, UsageError> {
    let file = config_file(config)?;
    engines::checked(&extract(file, None)?.engine, file)
}

/// The `[gate]` table of the config file.
///
/// # Errors
/// As [`Settings::gather`](super::Settings::gather).
pub(super) fn gate_table(config: Option<&Path>) -> Result<GateTable, UsageError> {
    Ok(extract(config_file(config)?, None)?.gate)
}

/// The `[serve]` table of the config file.
///
/// # Errors
/// As [`Settings::gather`](super::Settings::gather).
pub(super) fn serve_table(config: Option<&Path>) -> Result<ServeTable, UsageError> {
    Ok(extract(config_file(config)?, None)?.serve)
}

/// The file to read: the one asked for, which must be there, or the usual one if it is.
pub(super) fn config_file(asked: Option<&Path>) -> Result<Option<&Path>, UsageError> {
    match asked {
        Some(path) if !path.is_file() => Err(UsageError(format!("{}: no such config file", path.display()))),
        Some(path) => Ok(Some(path)),
        None => Ok(Some(Path::new("jsarena.toml")).filter(|path| path.is_file())),
    }
}

pub(super) fn extract(file: Option<&Path>, flags: Option<&Flags>) -> Result<Merged, UsageError> {
    let in_file = file.map_or_else(Figment::new, |path| Figment::from(Toml::file_exact(path)));
    flags
        .map_or(in_file.clone(), |flags| in_file.merge(Serialized::defaults(flags)))
        .extract()
        .map_err(|error| UsageError(error.to_string().lines().collect::<Vec<_>>().join(" ")))
}

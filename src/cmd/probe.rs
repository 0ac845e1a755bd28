//! A look at the servers before a load: one request each, so that a mistake in a URL is told at once and in one line.

use std::sync::Arc;

use super::Failure;
use crate::cli::Settings;
use crate::executor::Job;
use crate::executor::http::HttpExecutor;

/// Sends every server the first workload's job once.
///
/// # Errors
/// [`Failure::Run`] with the first server that cannot be driven at all: nothing listens there, or it has no such route.
pub fn probe(settings: &Settings) -> Result<(), Failure> {
    let Some(workload) = settings.selection.workloads.first() else { return Ok(()) };
    let targets: Vec<_> = settings.selection.engines.iter().filter_map(|engine| engine.target()).collect();
    if targets.is_empty() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let job = Job {
        script: Arc::clone(&workload.script),
        input: Arc::clone(&workload.input),
        deadlines: settings.deadlines(workload),
    };
    for target in targets {
        let target = target.as_ref().clone().for_kind(workload.kind.name());
        let looked = HttpExecutor::new(target).map(|executor| runtime.block_on(executor.probe(&job)));
        looked.and_then(|probed| probed).map_err(anyhow::Error::from)?;
    }
    Ok(())
}

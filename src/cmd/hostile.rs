//! What a cell is told about the hostile jobs of its load.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::cli::HostileSettings;
use crate::engine::Deadlines;
use crate::executor::Isolation;
use crate::load::Ingredient;

/// Which hostile scripts to mix in, by name: the cell reads them where its parent did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HostileSpec {
    folder: Option<PathBuf>,
    scripts: Vec<String>,
    inner: Duration,
    outer: Duration,
}

impl HostileSpec {
    /// What an engine gets under an isolation.
    pub fn of(settings: &HostileSettings, engine: &str, isolation: Isolation) -> Self {
        let Deadlines { inner, outer } = settings.deadlines();
        let scripts = settings.names(engine, isolation);
        Self { folder: settings.folder.clone(), scripts, inner, outer }
    }

    /// The scripts themselves, in equal parts that together make up `share` of all jobs.
    pub fn ingredients(&self, share: f64) -> anyhow::Result<Vec<Ingredient>> {
        let all = crate::cli::hostile_corpus(self.folder.as_deref()).map_err(anyhow::Error::from)?;
        let find = |name: &String| {
            let found = all.iter().find(|script| script.name == *name);
            found
                .map(|it| Arc::clone(&it.script))
                .with_context(|| format!("the hostile script {name} is gone"))
        };
        let scripts = self.scripts.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::ensure!(!scripts.is_empty(), "no hostile script is left to mix in; name some by --scripts");
        Ok(Ingredient::evenly(scripts, share, Deadlines { inner: self.inner, outer: self.outer }))
    }
}

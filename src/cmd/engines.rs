//! `jsarena engines`: what is built in, what it can do, and what is missing.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use comfy_table::{Table, presets};

use super::{Failure, Verdict};
use crate::cli::{self, ListFormat};
use crate::engine::{Capabilities, EngineInfo, Interruption, registry};
use crate::executor::Candidate;
use crate::record::EngineEntry;

/// Lists every engine this program knows.
pub fn list(format: ListFormat, config: Option<&Path>) -> Result<Verdict, Failure> {
    let known = registry::entries().iter().copied().map(Candidate::Known);
    let foreign = cli::foreign(config)?.into_iter().map(|one| Candidate::Foreign(Arc::new(one)));
    let entries: Vec<EngineEntry> = known.chain(foreign).map(|candidate| entry(&candidate)).collect();
    let mut out = io::stdout().lock();
    match format {
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &entries).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        ListFormat::Text => {
            let built: Vec<&EngineInfo> = entries.iter().filter_map(|entry| entry.info.as_ref()).collect();
            if !built.is_empty() {
                writeln!(out, "{}", table(&built))?;
            }
            for (id, why) in entries.iter().filter_map(|entry| Some((&entry.id, entry.missing.as_ref()?))) {
                writeln!(out, "{id}: {why}")?;
            }
            for info in built {
                writeln!(out, "\n{} ({}, {})", info.id, info.engine_version, info.binding_version)?;
                info.notes.iter().try_for_each(|note| writeln!(out, "  - {note}"))?;
            }
        }
    }
    Ok(Verdict::Well)
}

/// A candidate as records have it. A foreign one is started, to be asked.
pub fn entry(candidate: &Candidate) -> EngineEntry {
    let id = candidate.id().to_owned();
    if let Some(target) = candidate.target() {
        return EngineEntry { id, info: None, missing: None, url: Some(target.url().to_owned()) };
    }
    let info = std::env::current_exe().map_err(|error| error.to_string());
    let info = info.and_then(|jsarena| candidate.info(&jsarena).map_err(|error| error.to_string()));
    let (info, missing) = match info {
        Ok(info) => (Some(info), None),
        Err(why) => (None, Some(why)),
    };
    EngineEntry { id, info, missing, url: None }
}

fn table(built: &[&EngineInfo]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["engine", "version", "deadline", "heap limit", "reset", "JIT", "wasm", "timers"]);
    table.add_rows(built.iter().map(|info| row(info)));
    table
}

fn row(info: &EngineInfo) -> Vec<String> {
    let Capabilities { interruption, heap_limit, reset_in_place, jit, wasm, timers, .. } = info.capabilities;
    let yes = |has: bool| if has { "yes" } else { "–" }.to_owned();
    let interruption = match interruption {
        Interruption::Full => "stops all",
        Interruption::Partial => "stops some",
        Interruption::None => "–",
    };
    let reset = if reset_in_place { "new realm" } else { "new isolate" };
    vec![
        info.id.clone(),
        info.engine_version.clone(),
        interruption.to_owned(),
        yes(heap_limit),
        reset.to_owned(),
        yes(jit),
        yes(wasm),
        yes(timers),
    ]
}

//! `jsarena engines`: what is built in, what it can do, and what is missing.

use std::io::{self, Write};

use comfy_table::{Table, presets};

use super::{Failure, Verdict};
use crate::cli::ListFormat;
use crate::engine::{Capabilities, EngineInfo, Interruption, registry};
use crate::record::EngineEntry;

/// Lists every engine this program knows.
pub fn list(format: ListFormat) -> Result<Verdict, Failure> {
    let entries: Vec<EngineEntry> = registry::entries().iter().map(entry).collect();
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

/// A registry's entry as records have it.
pub fn entry(known: &registry::Entry) -> EngineEntry {
    let (info, missing) = match known.engine() {
        Ok(engine) => (Some(engine.info()), None),
        Err(not_built) => (None, Some(not_built.to_string())),
    };
    EngineEntry { id: known.id().to_owned(), info, missing }
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

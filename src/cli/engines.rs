//! Which engines are meant, and under which isolations: those that are built in, those of the config file, and servers
//! behind URLs.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::UsageError;
use super::settings::{parse_all, unknown};
use crate::engine::registry;
use crate::executor::http::Target;
use crate::executor::{Candidate, Foreign, Isolation};

/// A foreign engine as written: `[[engine]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForeignEntry {
    id: String,
    command: Vec<String>,
}

/// The foreign engines, checked. Their programs run in the folder of the file that names them.
pub(super) fn checked(written: &[ForeignEntry], file: Option<&Path>) -> Result<Vec<Foreign>, UsageError> {
    let folder = file.and_then(Path::parent).filter(|path| !path.as_os_str().is_empty());
    let folder = std::path::absolute(folder.unwrap_or(Path::new(".")))
        .map_err(|error| UsageError(format!("the folder of the config file: {error}")))?;
    let mut seen: HashSet<&str> = HashSet::from([registry::FAKE, "all"]);
    for entry in registry::entries() {
        seen.insert(entry.id());
    }
    for ForeignEntry { id, command } in written {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || !id.chars().all(fits) {
            return Err(UsageError(format!("engine `{id}`: an id is made of a-z, 0-9, `-`, `_` and `.`")));
        }
        if command.is_empty() {
            return Err(UsageError(format!("engine `{id}`: command is empty; give the program to run")));
        }
        if !seen.insert(id.as_str()) {
            return Err(UsageError(format!("engine `{id}`: there is one of that name already")));
        }
    }
    Ok(written
        .iter()
        .map(|one| Foreign { id: one.id.clone(), command: one.command.clone(), folder: folder.clone() })
        .collect())
}

/// All of them, and the fake.
pub(super) fn with_fake(foreign: &[Foreign]) -> Vec<Candidate> {
    let fake = registry::find(registry::FAKE);
    all(foreign).chain(fake.map(Candidate::Known)).collect()
}

fn all(foreign: &[Foreign]) -> impl Iterator<Item = Candidate> {
    let known = registry::entries().iter().copied().map(Candidate::Known);
    known.chain(foreign.iter().map(|one| Candidate::Foreign(Arc::new(one.clone()))))
}

/// Those asked for, once each, and the servers; all engines if neither is asked for.
pub(super) fn engines(
    asked: &[String],
    foreign: &[Foreign],
    targets: &[Arc<Target>],
) -> Result<Vec<Candidate>, UsageError> {
    let all = || all(foreign);
    let mut chosen: Vec<Candidate> = Vec::new();
    for name in asked {
        if name == "all" {
            chosen.extend(all());
        } else if let Some(candidate) = all().find(|candidate| candidate.id() == name) {
            chosen.push(candidate);
        } else if let Some(fake) = registry::find(name) {
            chosen.push(Candidate::Known(fake));
        } else {
            let known = all().map(|one| one.id().to_owned()).collect::<Vec<_>>();
            let known = known.iter().map(String::as_str).chain([registry::FAKE, "all"]);
            return Err(unknown("engine", name, known));
        }
    }
    if asked.is_empty() && targets.is_empty() {
        chosen.extend(all());
    }
    chosen.extend(targets.iter().cloned().map(Candidate::Remote));
    let mut seen = HashSet::new();
    chosen.retain(|candidate| seen.insert(candidate.id().to_owned()));
    Ok(chosen)
}

/// Foreign engines run in processes only: where no isolation is asked for, that one is added for them; asked
/// for by name under others, they are a mistake. Servers have an isolation of their own, and no other says anything of
/// them.
pub(super) fn isolations(
    asked: &[String],
    default: &[Isolation],
    engines: &[Candidate],
    asked_engines: &[String],
) -> Result<Vec<Isolation>, UsageError> {
    let mut chosen = parse_all("isolation", asked, default, Isolation::ALL.map(Isolation::as_str))?;
    if engines.iter().any(|engine| engine.runs_under(Isolation::Remote)) {
        let run_here = |engine: &Candidate| Isolation::ALL.iter().any(|&one| engine.runs_under(one));
        if !engines.iter().any(run_here) {
            chosen.clear();
        }
        chosen.push(Isolation::Remote);
    }
    let homeless = |engine: &&Candidate| !chosen.iter().any(|&one| engine.runs_under(one));
    if asked.is_empty() && engines.iter().any(|engine| homeless(&engine)) {
        chosen.retain(|&isolation| engines.iter().any(|engine| engine.runs_under(isolation)));
        chosen.push(Isolation::Process);
        return Ok(chosen);
    }
    let named = |engine: &&Candidate| asked_engines.iter().any(|name| name == engine.id());
    match engines.iter().filter(named).find(homeless) {
        Some(engine) => Err(UsageError(format!(
            "{} is a program of its own and runs under process isolation only: add `process` to isolation",
            engine.id()
        ))),
        None => Ok(chosen),
    }
}

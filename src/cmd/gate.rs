//! `jsarena gate`: one record held against another.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, anyhow};

use super::{Failure, Verdict};
use crate::cli::{GateArgs, GateFormat};
use crate::record;
use crate::report::Gate;

/// Fails when something got worse, significantly and by enough to matter; cannot run when the records are not of the
/// same thing.
pub fn gate(args: &GateArgs, config: Option<&Path>) -> Result<Verdict, Failure> {
    let rules = args.rules(config)?;
    let [base, new] = [&args.base, &args.new].map(|path| record::load(path));
    let (base, new) = (base.map_err(anyhow::Error::from)?, new.map_err(anyhow::Error::from)?);
    let gate = Gate::judge(&base, &new, &rules).map_err(|error| anyhow!(error))?;
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for (name, text) in
            [("gate.md", gate.markdown()), ("gate.junit.xml", gate.junit()), ("gate.json", json(&gate)?)]
        {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    let text = match args.format {
        GateFormat::Text => gate.text(),
        GateFormat::Markdown => gate.markdown(),
        GateFormat::Junit => gate.junit(),
        GateFormat::Json => json(&gate)?,
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Verdict::of(gate.passed))
}

fn json(gate: &Gate) -> Result<String, anyhow::Error> {
    Ok(serde_json::to_string_pretty(gate)? + "\n")
}

//! `jsarena workloads`: what can be run.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{Failure, Verdict};
use crate::cli::{ListFormat, UsageError};
use crate::record::WorkloadEntry;
use crate::workload::{Workload, select};

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    #[serde(flatten)]
    entry: WorkloadEntry,
    tags: &'a [String],
    script_bytes: usize,
    input_bytes: usize,
    expected_bytes: usize,
}

/// Lists the workloads asked for.
pub fn list(asked: &[String], format: ListFormat) -> Result<Verdict, Failure> {
    let workloads = select(asked).map_err(UsageError::from)?;
    let mut out = io::stdout().lock();
    match format {
        ListFormat::Json => {
            let listed: Vec<_> = workloads.iter().map(listed).collect();
            serde_json::to_writer_pretty(&mut out, &listed).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        ListFormat::Text => {
            let mut table = Table::new();
            table
                .load_preset(presets::UTF8_HORIZONTAL_ONLY)
                .set_content_arrangement(ContentArrangement::Dynamic);
            table.set_header(["workload", "kind", "input", "what it stands for"]);
            for workload in &workloads {
                let input = format!("{} B", workload.input.len());
                table.add_row([&workload.name, workload.kind.name(), &input, &workload.why]);
            }
            writeln!(out, "{table}")?;
        }
    }
    Ok(Verdict::Well)
}

/// A workload as records have it.
pub fn entry(workload: &Workload) -> WorkloadEntry {
    WorkloadEntry {
        name: workload.name.clone(),
        kind: workload.kind.name().to_owned(),
        why: workload.why.clone(),
        hash: workload.hash.clone(),
    }
}

fn listed(workload: &Workload) -> Listed<'_> {
    Listed {
        id: &workload.name,
        entry: entry(workload),
        tags: &workload.tags,
        script_bytes: workload.script.body.len()
            + workload.script.setup.iter().map(String::len).sum::<usize>(),
        input_bytes: workload.input.len(),
        expected_bytes: workload.expected.text().len(),
    }
}

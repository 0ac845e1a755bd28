//! Whether shards are parts of one whole, and what becomes of what each of them says about itself.

#[cfg(test)]
mod tests;

use crate::record::{HostFacts, Measurement, RunRecord, Shards};

use super::same;

/// Largest difference of memory between machines of a kind, relative to the larger: firmware and kernel keep some.
const MEMORY: f64 = 0.03;

/// Whether two are different shards of one matrix, measured on machines of a kind; if not, the first thing that
/// differs.
pub(super) fn belong(first: &RunRecord, other: &RunRecord) -> Result<(), String> {
    let (known, more) = match (&first.shards, &other.shards) {
        (Some(known), Some(more)) => (known, more),
        (None, None) => return same("host", &first.host, &other.host),
        (Some(known), None) => {
            return Err(format!(
                "it is no shard, and the first is {}; merge the shards alone (--format json), then the result with it",
                name(known)
            ));
        }
        (None, Some(more)) => {
            return Err(format!(
                "it is {}, and the first is no shard; merge the shards alone (--format json), then the result with it",
                name(more)
            ));
        }
    };
    same("number of shards", &known.of, &more.of)?;
    if let Some(index) = known.held.intersection(&more.held).next() {
        return Err(format!(
            "it is shard {index}/{}, which is there already; name each shard once",
            known.of
        ));
    }
    same("command without --shard and --out", &whole(&first.command), &whole(&other.command))?;
    // A config file or a folder of workloads may differ where the command does not.
    let engines =
        |record: &RunRecord| record.engines.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>();
    same("list of engines", &engines(first), &engines(other))?;
    let workloads =
        |record: &RunRecord| record.workloads.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    same("list of workloads", &workloads(first), &workloads(other))?;
    if let (Some(known), Some(row)) = (first.measurements.first(), other.measurements.first()) {
        let load = |row: &Measurement| (row.workers, row.plan, row.policies);
        same("load", &load(known), &load(row))?;
    }
    if let Some(row) =
        other.measurements.iter().find(|row| first.measurements.iter().any(|m| m.is_same_cell(row)))
    {
        let Measurement { engine, workload, isolation, reuse, .. } = row;
        return Err(format!(
            "it measures {engine} on {workload} under {isolation}/{reuse}, which another shard measured"
        ));
    }
    same("confinement of worker processes", &first.sandbox, &other.sandbox)?;
    same_kind(&first.host, &other.host)
}

/// Systems may differ by an update; what figures depend on may not.
fn same_kind(first: &HostFacts, other: &HostFacts) -> Result<(), String> {
    same("architecture", &first.arch, &other.arch)?;
    same("number of processors", &first.cores, &other.cores)?;
    same("frequency governor", &first.governor, &other.governor)?;
    same("virtualisation", &first.virtualised, &other.virtualised)?;
    let (a, b) = (first.memory_bytes as f64, other.memory_bytes as f64);
    if (a - b).abs() > MEMORY * a.max(b) {
        same("memory in bytes", &first.memory_bytes, &other.memory_bytes)?;
    }
    Ok(())
}

/// Makes the first record's own facts those of both. Nothing to do for what is no shard.
pub(super) fn unite(merged: &mut RunRecord, other: &RunRecord) {
    let (Some(known), Some(more)) = (&mut merged.shards, &other.shards) else { return };
    known.held.extend(&more.held);
    merged.command = whole(&merged.command);
    for (known, more) in
        [(&mut merged.host.os, &other.host.os), (&mut merged.host.kernel, &other.host.kernel)]
    {
        if known.split(", ").all(|one| one != more) {
            *known = format!("{known}, {more}");
        }
    }
    merged.host.memory_bytes = merged.host.memory_bytes.min(other.host.memory_bytes);
}

/// The command line of the whole: without what differs from shard to shard.
pub(super) fn whole(command: &[String]) -> Vec<String> {
    const OWN: [&str; 2] = ["--shard", "--out"];
    let mut kept = Vec::new();
    let mut words = command.iter();
    while let Some(word) = words.next() {
        if OWN.contains(&word.as_str()) {
            words.next();
        } else if OWN.iter().all(|own| word.strip_prefix(own).is_none_or(|rest| !rest.starts_with('='))) {
            kept.push(word.clone());
        }
    }
    kept
}

/// Such as `shard 2/4`, or `shards 1/4, 2/4`.
fn name(shards: &Shards) -> String {
    let each: Vec<String> = shards.held.iter().map(|index| format!("{index}/{}", shards.of)).collect();
    format!("{} {}", if each.len() == 1 { "shard" } else { "shards" }, each.join(", "))
}

//! Whether two records are of the same thing: host, build and workloads.

use std::fmt::Debug;

use super::NotComparable;
use crate::record::RunRecord;
use crate::report::view::clean;

/// What may differ between records that are held against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The machine.
    pub host: bool,
    /// The program: its version, compiler, features, and the engines in it.
    pub build: bool,
    /// The workloads themselves.
    pub workload: bool,
}

/// Largest relative difference of memory of one and the same host: firmware and kernel keep some.
const MEMORY: f64 = 0.03;

/// What differs and may, a sentence each.
///
/// # Errors
/// [`NotComparable`] with what differs and may not.
pub(super) fn examine(
    base: &RunRecord,
    new: &RunRecord,
    allowed: Allowed,
) -> Result<Vec<String>, NotComparable> {
    let mut notes = Vec::new();
    let mut reasons = Vec::new();
    for (may_differ, flag, differences) in [
        (allowed.host, "host", host(base, new)),
        (allowed.build, "build", build(base, new)),
        (allowed.workload, "workload", workloads(base, new)),
    ] {
        for difference in differences {
            if may_differ {
                notes.push(format!("Allowed to differ: {difference}."));
            } else {
                reasons.push(format!("{difference} (--allow {flag} compares nevertheless)"));
            }
        }
    }
    if reasons.is_empty() { Ok(notes) } else { Err(NotComparable(reasons)) }
}

fn host(base: &RunRecord, new: &RunRecord) -> Vec<String> {
    let (a, b) = (&base.host, &new.host);
    let memory = (a.memory_bytes as f64 - b.memory_bytes as f64).abs()
        > MEMORY * a.memory_bytes.max(b.memory_bytes) as f64;
    let differences = [
        differs("operating system", &a.os, &b.os),
        differs("kernel", &a.kernel, &b.kernel),
        differs("architecture", &a.arch, &b.arch),
        differs("processor", &a.cpu, &b.cpu),
        differs("number of processors", &a.cores, &b.cores),
        differs("memory in bytes", &a.memory_bytes, &b.memory_bytes).filter(|_| memory),
        differs("frequency governor", &a.governor, &b.governor),
        differs("virtualisation", &a.virtualised, &b.virtualised),
    ];
    differences.into_iter().flatten().collect()
}

fn build(base: &RunRecord, new: &RunRecord) -> Vec<String> {
    let (a, b) = (&base.build, &new.build);
    let mut differences: Vec<String> = [
        differs("version of jsarena", &a.jsarena, &b.jsarena),
        differs("compiler", &a.rustc, &b.rustc),
        differs("target", &a.target, &b.target),
        differs("build profile", &a.profile, &b.profile),
        differs("optimisation level", &a.opt_level, &b.opt_level),
        differs("list of features", &a.features, &b.features),
        differs("list of crates", &a.crates, &b.crates),
    ]
    .into_iter()
    .flatten()
    .collect();
    for entry in &new.engines {
        let known = base.engines.iter().find(|known| known.id == entry.id);
        if let Some((known, info)) =
            known.and_then(|known| Some((known.info.as_ref()?, entry.info.as_ref()?)))
        {
            let what = format!("version of engine {}", clean(&entry.id));
            differences.extend(differs(&what, &known.engine_version, &info.engine_version));
        }
    }
    differences
}

fn workloads(base: &RunRecord, new: &RunRecord) -> Vec<String> {
    let mut differences = Vec::new();
    for workload in &new.workloads {
        let known = base.workloads.iter().find(|known| known.name == workload.name);
        if known.is_some_and(|known| known.hash != workload.hash) {
            differences.push(format!("workload {} is not the same any more", clean(&workload.name)));
        }
    }
    differences
}

fn differs<T: PartialEq + Debug>(what: &str, base: &T, new: &T) -> Option<String> {
    (base != new).then(|| format!("the {what} is {new:?}, and was {base:?}"))
}

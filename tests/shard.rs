//! A matrix split over several runs, and made one again: from outside, as several machines would.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsarena::engine::registry;
use jsarena::record::{self, RunRecord};
use tempfile::TempDir;

use common::{Ran, jsarena};

/// Three workloads for the fake engine.
fn suite() -> TempDir {
    let root = TempDir::new().unwrap();
    for name in ["a", "b", "c"] {
        let folder = root.path().join("made").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("workload.toml"), "kind = \"javascript\"\nwhy = \"made for a test\"\n")
            .unwrap();
        fs::write(folder.join("main.js"), "return 2").unwrap();
        fs::write(folder.join("expected.json"), "2").unwrap();
    }
    root
}

/// Nine groups of cells: three workloads under three kinds of workers.
fn compare(suite: &TempDir, out: &Path, more: &[&str]) -> Ran {
    let matrix = ["compare", "-e", "fake", "-w", suite.path().to_str().unwrap()];
    let kinds = ["--isolation", "thread,task", "--reuse", "keep,fresh", "--workers", "2"];
    let short = ["--count", "40", "--warmup", "0s", "--rounds", "2", "--out", out.to_str().unwrap()];
    jsarena(&[&matrix[..], &kinds, &short, more].concat())
}

/// Every shard into a folder of its own; gives their records.
fn shards(under: &Path, of: u32, run: impl Fn(&Path, &str) -> Ran) -> Vec<PathBuf> {
    let one = |index: u32| {
        let out = under.join(index.to_string());
        let ran = run(&out, &format!("{index}/{of}"));
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        out.join("record.json")
    };
    (1..=of).map(one).collect()
}

fn report(records: &[PathBuf], more: &[&str]) -> Ran {
    let records: Vec<&str> = records.iter().map(|path| path.to_str().unwrap()).collect();
    jsarena(&[&["report"], &records[..], more].concat())
}

fn merged(records: &[PathBuf]) -> RunRecord {
    let ran = report(records, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let record: RunRecord = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(record::check(&record), Vec::<String>::new());
    record
}

/// Engine, workload, isolation, reuse and round of every row that is not the second half of an A/A pair, sorted.
fn cells(record: &RunRecord) -> Vec<String> {
    let rows = record.measurements.iter().filter(|row| row.label.is_none());
    let cell = |row: &record::Measurement| {
        assert!(row.summary.is_some(), "{row:?}");
        format!("{} {} {} {} {}", row.engine, row.workload, row.isolation, row.reuse, row.round)
    };
    let mut cells: Vec<String> = rows.map(cell).collect();
    cells.sort();
    cells
}

#[test]
fn four_shards_hold_every_cell_of_the_whole_once() {
    let (suite, folder) = (suite(), TempDir::new().unwrap());
    let out = folder.path().join("whole");
    assert_eq!(compare(&suite, &out, &[]).code, 0);
    let whole = record::load(&out.join("record.json")).unwrap();
    let records = shards(folder.path(), 4, |out, shard| compare(&suite, out, &["--shard", shard]));
    for (path, index) in records.iter().zip(1..) {
        let part = record::load(path).unwrap();
        assert_eq!(part.shards.as_ref().unwrap().held, BTreeSet::from([index]));
        assert_eq!(part.noise_floor.as_ref().unwrap().pairs, 2, "each has a floor of its own");
        let groups = cells(&part).len() / 2;
        assert!(groups == 2 || groups == 3, "{groups} of nine groups");
    }
    let together = merged(&records);
    assert_eq!(cells(&together), cells(&whole));
    assert_eq!(cells(&together).len(), 3 * 3 * 2);
    assert_eq!((&together.shards, &together.workloads), (&None, &whole.workloads));
    let said = together.command.join(" ");
    assert!(said.starts_with("compare -e fake") && !said.contains("shard"), "{said}");
    let ran = report(&records, &[]);
    assert!(!ran.stdout.contains("shard"), "{}", ran.stdout);
}

#[test]
fn what_is_missing_is_told_and_what_is_double_is_refused() {
    let (suite, folder) = (suite(), TempDir::new().unwrap());
    // One more than there are groups.
    let records = shards(folder.path(), 10, |out, shard| {
        let ran = compare(&suite, out, &["--shard", shard]);
        assert_eq!(ran.stderr.contains("nothing falls to shard 10/10"), shard == "10/10", "{}", ran.stderr);
        ran
    });
    assert!(record::load(&records[9]).unwrap().measurements.is_empty());
    assert_eq!(cells(&merged(&records)).len(), 3 * 3 * 2);

    let some = merged(&records[2..]);
    assert_eq!(some.shards.as_ref().unwrap().missing().collect::<Vec<_>>(), [1, 2]);
    let ran = report(&records[2..], &["--format", "markdown"]);
    assert!(ran.stdout.contains("Only 8 of 10 shards are here; not 1/10 and 2/10."), "{}", ran.stdout);

    // A part made one goes on where it was.
    let part = folder.path().join("part");
    assert_eq!(report(&records[2..], &["--format", "json", "--out", part.to_str().unwrap()]).code, 0);
    let rest = [&records[..2], &[part.join("record.json")]].concat();
    assert_eq!(merged(&rest).shards, None);

    let double = report(&[&records[..], &records[3..4]].concat(), &[]);
    assert_eq!(double.code, 2, "{}", double.stdout);
    assert!(double.stderr.contains("record 11") && double.stderr.contains("shard 4/10"), "{}", double.stderr);
    assert_eq!(double.stderr.trim_end().lines().count(), 1);
}

#[test]
fn the_shards_of_a_scorecard_are_the_whole() {
    if registry::find("quickjs").is_none_or(|entry| entry.engine().is_err()) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let survive = |out: &Path, shard: &str| {
        let corpus = ["survive", "-e", "quickjs", "--scripts", "loop/plain,state/globals"];
        let out = out.to_str().unwrap();
        jsarena(&[&corpus[..], &["--isolation", "thread,process", "--shard", shard, "--out", out]].concat())
    };
    let records = shards(folder.path(), 3, survive);
    let together = merged(&records);
    assert_eq!(together.shards, None);
    let rows: BTreeSet<String> =
        together.containment.iter().map(|row| format!("{} {}", row.script, row.isolation)).collect();
    assert_eq!((rows.len(), together.containment.len()), (4, 4), "{rows:?}");
    assert!(together.containment.iter().all(|row| row.verdict.is_some()));
}

#[test]
fn a_shard_that_cannot_be_is_a_usage_error_in_one_line() {
    for (arguments, expected) in [
        (&["compare", "--shard", "5/4"][..], "write 1/4"),
        (&["survive", "--shard", "two"], "write 1/4"),
        (&["compare", "--ablation", "--shard", "1/2"], "--ablation"),
        (&["run", "--shard", "1/2"], "--shard"),
    ] {
        let ran = jsarena(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{arguments:?}: {}", ran.stderr);
    }
}

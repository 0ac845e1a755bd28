//! The workers of engines/, through the whole program: what speaks the protocol is an engine like any other.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use predicates::prelude::*;

/// A config file that names a worker, in a folder of its own.
fn named(id: &str, command: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("jsarena.toml");
    std::fs::write(&config, format!("[[engine]]\nid = {id:?}\ncommand = {command:?}\n")).unwrap();
    (folder, config)
}

fn jsarena(config: &Path, args: &[&str]) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_jsarena"));
    command.arg("--config").arg(config).args(args);
    command
}

/// Node.js, where there is one: it is no part of what jsarena needs.
fn node() -> Option<(tempfile::TempDir, PathBuf)> {
    let version = Command::new("node").arg("--version").output().ok()?;
    println!("node {}", String::from_utf8_lossy(&version.stdout));
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/engines/node/worker.js");
    Some(named("node", &["node", worker]))
}

#[test]
fn node_answers_every_workload_rightly() {
    let Some((_folder, config)) = node() else { return };
    jsarena(&config, &["verify", "-e", "node"])
        .assert()
        .success()
        .stdout(predicate::str::contains("17 right, 0 wrong"));
}

#[test]
fn node_contains_what_loops_and_what_lingers() {
    let Some((folder, config)) = node() else { return };
    let out = folder.path().join("out");
    jsarena(
        &config,
        &[
            "survive",
            "-e",
            "node",
            "--scripts",
            "loop/plain,loop/promise-job,state/globals,memory/array-push",
        ],
    )
    .arg("--out")
    .arg(&out)
    .assert()
    .success()
    .stdout(predicate::str::contains("4 of 4"));
}

#[test]
fn a_relative_program_is_looked_for_beside_the_file_that_names_it() {
    let (folder, config) = named("own", &["./worker", "argument"]);
    let script = "#!/bin/sh\necho \"$1 in $(basename \"$PWD\")\" >&2\nexit 9\n";
    std::fs::write(folder.path().join("worker"), script).unwrap();
    Command::new("chmod").arg("+x").arg(folder.path().join("worker")).status().unwrap();
    let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
    jsarena(&config, &["engines"])
        .assert()
        .success()
        .stdout(predicate::str::contains(format!("own: exit 9: argument in {name}")));
}

#[test]
fn what_a_config_file_says_of_engines_is_checked() {
    for (toml, expected) in [
        ("[[engine]]\nid = 'boa'\ncommand = ['x']\n", "engine `boa`: there is one of that name already"),
        ("[[engine]]\nid = 'fake'\ncommand = ['x']\n", "engine `fake`: there is one of that name already"),
        ("[[engine]]\nid = 'My Engine'\ncommand = ['x']\n", "an id is made of"),
        ("[[engine]]\nid = 'x'\ncommand = []\n", "engine `x`: command is empty"),
        ("[[engine]]\nid = 'x'\n", "command"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("jsarena.toml");
        std::fs::write(&config, toml).unwrap();
        jsarena(&config, &["engines"]).assert().code(2).stderr(predicate::str::contains(expected));
    }
}

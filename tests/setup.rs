//! `scripts/setup` from outside: where it finds V8, what it says, what the other scripts are told, and how it
//! makes the engines of `engines/` ready.
//!
//! The real script runs against real files. Only its surroundings are made up: cargo's home, the archive
//! folder, and a `curl` for which no network exists. Nothing here can start a build of V8.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

const WITHOUT_V8: &str = "features=--no-default-features --features boa,quickjs";

/// A machine on which setup finds Rust and a C compiler, no network, and whatever a test puts there.
struct Machine {
    dir: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Machine { dir: TempDir::new().expect("a temporary folder") };
        fs::create_dir(machine.path("archives")).unwrap();
        machine.program("curl", "exit 6");
        // Should a test forget --without-v8, then this is no machine that V8 can be built on.
        machine.program("uname", "[ \"$1\" = -m ] && echo riscv64 || echo Linux");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a program before the machine's own.
    fn program(&self, name: &str, body: &str) {
        let file = self.path("bin").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a file that passes for V8's library into the archive folder, with its checksum.
    fn archive(&self, v8: &str) -> PathBuf {
        let file = self.path("archives").join(archive_name());
        let plain = file.with_extension("");
        fs::write(&plain, format!("\0!<arch>\0{v8}-rusty\0")).unwrap();
        Command::new("gzip").arg(&plain).assert().success();
        let sum = Command::new("sh")
            .args(["-c", "sha256sum <\"$0\" || shasum -a 256 <\"$0\""])
            .arg(&file)
            .output()
            .expect("sh runs");
        fs::write(self.checksum(), sum.stdout).unwrap();
        file
    }

    fn checksum(&self) -> PathBuf {
        self.path("archives").join(format!("{}.sha256", archive_name()))
    }

    /// Where the v8 crate's build script looks for a download it already has.
    fn cached(&self) -> PathBuf {
        let url = format!(
            "https://github.com/denoland/rusty_v8/releases/download/v{}/{}",
            locked_v8(),
            archive_name()
        );
        let name: String = url.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        self.path("cargo/.rusty_v8").join(name)
    }

    fn setup(&self, args: &[&str], variables: &[(&str, &str)]) -> Assert {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup"))
            .args(args)
            .env("PATH", path)
            .env("CARGO_HOME", self.path("cargo"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .env("JSARENA_SETUP_STATE", self.path("state"))
            .env("V8_ARCHIVE_DIR", self.path("archives"))
            .env_remove("RUSTY_V8_ARCHIVE")
            .env_remove("RUSTY_V8_MIRROR")
            .env_remove("CARGO_BUILD_TARGET")
            .envs(variables.iter().copied())
            .assert()
    }

    fn state(&self) -> String {
        fs::read_to_string(self.path("state")).expect("setup leaves a state file")
    }

    fn assert_nothing_cached(&self) {
        let left = fs::read_dir(self.path("cargo/.rusty_v8")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "neither an archive nor a partial one stays in cargo's cache");
    }
}

fn archive_name() -> String {
    let facts = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
    let facts = String::from_utf8(facts).unwrap();
    let triple = facts.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    format!("librusty_v8_release_{triple}.a.gz")
}

fn locked_v8() -> String {
    let lock = include_str!("../Cargo.lock");
    let (_, entry) = lock.split_once("name = \"v8\"\nversion = \"").expect("Cargo.lock holds v8");
    entry.split('"').next().unwrap().to_owned()
}

/// V8's own number for the crate in Cargo.lock: crate 137 is V8 13.7.
fn v8_number() -> String {
    let major: u32 = locked_v8().split('.').next().unwrap().parse().unwrap();
    format!("{}.{}.1.2", major / 10, major % 10)
}

/// Exactly one line of error (a warning about a full disk aside), and no trace of a script that broke.
fn one_line(error: &'static str) -> impl Predicate<str> {
    contains(error).and(predicate::function(|text: &str| errors(text) == 1))
}

fn no_error() -> impl Predicate<str> {
    predicate::function(|text: &str| errors(text) == 0)
}

fn errors(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with("warning: ")).count()
}

#[test]
fn an_archive_named_by_variable_is_used() {
    let machine = Machine::new();
    let file = machine.archive(&v8_number());
    machine
        .setup(&[], &[("RUSTY_V8_ARCHIVE", file.to_str().unwrap())])
        .success()
        .stdout(contains("RUSTY_V8_ARCHIVE").and(contains("ready: cargo build --release\n")));
    assert!(machine.state().starts_with("features=\n"));
    machine.assert_nothing_cached();
}

#[test]
fn an_archive_named_by_variable_must_exist() {
    let machine = Machine::new();
    for wrong in ["/nowhere/v8.a.gz", "relative/v8.a.gz", "https://nowhere.invalid/v8.a.gz"] {
        machine.setup(&[], &[("RUSTY_V8_ARCHIVE", wrong)]).code(2).stderr(one_line("RUSTY_V8_ARCHIVE="));
    }
}

#[test]
fn a_mirror_that_answers_is_left_to_cargo() {
    let machine = Machine::new();
    machine.program("curl", "exit 0");
    machine
        .setup(&[], &[("RUSTY_V8_MIRROR", "https://mirror.invalid")])
        .success()
        .stdout(contains("fetched by cargo"));
    assert!(machine.state().starts_with("features=\n"));
}

#[test]
fn a_mirror_that_does_not_answer_is_an_error() {
    let machine = Machine::new();
    machine
        .setup(&[], &[("RUSTY_V8_MIRROR", "https://mirror.invalid")])
        .code(2)
        .stderr(one_line("RUSTY_V8_MIRROR="));
}

#[test]
fn what_cargo_already_has_is_left_alone() {
    let machine = Machine::new();
    machine.archive(&v8_number());
    fs::create_dir_all(machine.cached().parent().unwrap()).unwrap();
    fs::write(machine.cached(), "already here").unwrap();
    machine.setup(&[], &[]).success().stdout(contains("in cargo's cache"));
    assert_eq!(fs::read_to_string(machine.cached()).unwrap(), "already here");
    assert!(machine.state().starts_with("features=\n"));
}

#[test]
fn a_verified_archive_is_copied_to_the_name_cargo_looks_for() {
    let machine = Machine::new();
    let file = machine.archive(&v8_number());
    machine.setup(&[], &[]).success().stdout(contains("copied from"));
    assert_eq!(fs::read(machine.cached()).unwrap(), fs::read(file).unwrap());
    assert_eq!(fs::read_dir(machine.cached().parent().unwrap()).unwrap().count(), 1);
    assert!(machine.state().starts_with("features=\n"));

    machine.setup(&[], &[]).success().stdout(contains("in cargo's cache"));
}

#[test]
fn an_archive_that_differs_from_its_checksum_is_refused() {
    let machine = Machine::new();
    let file = machine.archive(&v8_number());
    fs::write(file, "cut short").unwrap();
    machine.setup(&[], &[]).code(2).stderr(one_line("does not match"));
    machine.assert_nothing_cached();
}

#[test]
fn an_archive_without_a_checksum_is_refused() {
    let machine = Machine::new();
    machine.archive(&v8_number());
    fs::remove_file(machine.checksum()).unwrap();
    machine.setup(&[], &[]).code(2).stderr(one_line("has no checksum"));
    machine.assert_nothing_cached();
}

#[test]
fn an_archive_of_another_v8_is_refused() {
    let machine = Machine::new();
    machine.archive("1.2.3.4");
    machine.setup(&[], &[]).code(2).stderr(one_line("is not the library of the v8 crate"));
    machine.assert_nothing_cached();
}

#[test]
fn an_upstream_that_answers_is_left_to_cargo() {
    let machine = Machine::new();
    machine.program("curl", "exit 0");
    machine.setup(&[], &[]).success().stdout(contains("downloaded by cargo"));
    assert!(machine.state().starts_with("features=\n"));
}

#[test]
fn without_v8_the_other_engines_remain() {
    let machine = Machine::new();
    machine
        .setup(&["--without-v8"], &[])
        .success()
        .stdout(contains("--without-v8").and(contains("boa and quickjs remain")))
        .stdout(
            contains("RUSTY_V8_MIRROR=").and(contains("RUSTY_V8_ARCHIVE=")).and(contains("V8_ARCHIVE_DIR=")),
        )
        .stderr(no_error());
    assert!(machine.state().starts_with(WITHOUT_V8));
    machine.assert_nothing_cached();
}

#[test]
fn where_v8_cannot_be_built_the_other_engines_remain() {
    let machine = Machine::new();
    machine
        .setup(&[], &[])
        .success()
        .stdout(contains("cannot be built here: this is Linux riscv64"))
        .stderr(no_error());
    assert!(machine.state().starts_with(WITHOUT_V8));
}

#[test]
fn a_missing_compiler_is_one_clear_line() {
    let machine = Machine::new();
    machine
        .setup(&[], &[("CC", "no-such-compiler")])
        .code(3)
        .stderr(one_line("no C compiler 'no-such-compiler'"));
}

#[test]
fn an_old_rust_is_one_clear_line() {
    let machine = Machine::new();
    machine.program("rustc", "printf 'release: 1.60.0\\nhost: x86_64-unknown-linux-gnu\\n'");
    machine.setup(&[], &[]).code(3).stderr(one_line("rustc 1.60.0 is too old"));
}

#[test]
fn help_and_wrong_use() {
    let machine = Machine::new();
    machine.setup(&["--help"], &[]).success().stdout(contains("Usage: scripts/setup"));
    machine.setup(&["--with-v8"], &[]).code(2).stderr(one_line("unknown argument '--with-v8'"));
}

/// A checkout with the real script and the engines' real descriptions, where `cargo` and `node` are made up.
struct Checkout {
    machine: Machine,
}

impl Checkout {
    fn new() -> Self {
        let checkout = Checkout { machine: Machine::new() };
        for file in [
            "Cargo.toml",
            "scripts/setup",
            "scripts/common.sh",
            "engines/node/engine.toml",
            "engines/node/package.json",
            "engines/boa-latest/engine.toml",
            "engines/boa-latest/Cargo.toml",
        ] {
            let copy = checkout.machine.path(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), copy).unwrap();
        }
        checkout.machine.program("cargo", "echo built with: \"$@\"");
        checkout
    }

    fn setup(&self, args: &[&str]) -> Assert {
        let path = format!("{}:{}", self.machine.path("bin").display(), std::env::var("PATH").unwrap());
        Command::new(self.machine.path("scripts/setup")).args(args).env("PATH", path).assert()
    }
}

#[test]
fn an_engine_of_the_folder_is_built_and_its_lines_are_told() {
    let checkout = Checkout::new();
    let lines = include_str!("../engines/boa-latest/engine.toml");
    checkout
        .setup(&["--engine", "boa-latest"])
        .success()
        .stdout(contains("--release --locked --manifest-path engines/boa-latest/Cargo.toml"))
        .stdout(contains("--target-dir engines/boa-latest/target"))
        .stdout(contains("add to jsarena.toml").and(contains(lines)))
        .stderr(no_error());
    assert!(!checkout.machine.path("jsarena.toml").exists(), "the user's file is the user's");

    checkout.machine.program("cargo", "echo 'error: broken' >&2; exit 101");
    checkout.setup(&["--engine", "boa-latest"]).code(3).stderr(contains("does not build"));
}

#[test]
fn an_engine_that_is_named_already_is_not_told_again() {
    let checkout = Checkout::new();
    checkout.machine.program("node", "echo v18.0.0");
    let mut config = "seed = 1\n\n".to_owned() + include_str!("../engines/boa-latest/engine.toml");
    fs::write(checkout.machine.path("jsarena.toml"), &config).unwrap();
    checkout.setup(&["--engine", "node"]).success().stdout(contains("id = \"node\""));
    config += include_str!("../engines/node/engine.toml");
    fs::write(checkout.machine.path("jsarena.toml"), &config).unwrap();
    checkout
        .setup(&["--engine", "node"])
        .success()
        .stdout(contains("jsarena.toml names it").and(contains("[[engine]]").not()));
}

#[test]
fn node_must_be_there_and_new_enough() {
    let checkout = Checkout::new();
    let node = |answer: &str| {
        checkout.machine.program("node", answer);
        checkout.setup(&["--engine", "node"])
    };
    node("exit 127").code(3).stderr(one_line("no Node.js: install version 18 or newer"));
    node("echo v16.20.2").code(3).stderr(one_line("Node.js 16.20.2 is too old: install version 18 or newer"));
    node("echo v100.0.0").success().stdout(contains("Node.js 100.0.0"));
}

#[test]
fn an_engine_that_the_folder_does_not_have_is_one_clear_line() {
    let checkout = Checkout::new();
    for unknown in ["quickjs", "..", "boa-latest node"] {
        checkout.setup(&["--engine", unknown]).code(2).stderr(one_line("it has boa-latest node"));
    }
    checkout
        .setup(&["--engine"])
        .code(2)
        .stderr(one_line("--engine needs one of these names: boa-latest node"));
}

//! What tests from outside share.

use std::path::Path;

use assert_cmd::Command;

/// What a command came to.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program with these arguments, in the package's folder.
pub fn jsarena(arguments: &[&str]) -> Ran {
    jsarena_in(Path::new("."), arguments)
}

/// The same, in another folder.
pub fn jsarena_in(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::cargo_bin("jsarena").unwrap().current_dir(folder).args(arguments).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

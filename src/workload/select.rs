//! Finding suites, and choosing workloads from them.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::definition::{is_workload, read};
use super::files::Folder;
use super::near::nearest;
use super::{Workload, WorkloadError};

/// Every workload built into the program, by name.
///
/// # Errors
/// None in a program whose tests have passed: they read them all.
pub fn built_in() -> Result<Vec<Workload>, WorkloadError> {
    sorted(read_all(&Folder::built_in())?)
}

/// The workloads in these directories, by name.
///
/// Each is a directory of suites (`DIR/<suite>/<name>/workload.toml`), one suite (`DIR/<name>/workload.toml`)
/// or a single workload.
///
/// # Errors
/// Whatever is wrong with any of them, a directory without workloads included.
pub fn load(roots: &[PathBuf]) -> Result<Vec<Workload>, WorkloadError> {
    let mut found = Vec::new();
    for root in roots {
        found.extend(read_all(&Folder::OnDisk(root.clone()))?);
    }
    sorted(found)
}

/// The workloads chosen on a command line, by name, each once; every one that is built in if there are no
/// arguments.
///
/// An argument is a list separated by commas, of: a name (`seed/fib`), a suite (`seed`) or a glob over names
/// (`seed/*`, `*json*`), which choose among those built in; and directories, which [`load`] reads. What could
/// be either is a name; `./seed` is a directory beyond doubt.
///
/// # Errors
/// For whatever chooses nothing, and whatever [`load`] finds wrong.
pub fn select(args: &[String]) -> Result<Vec<Workload>, WorkloadError> {
    let all = built_in()?;
    let wanted: Vec<&str> = args.iter().flat_map(|arg| pieces(arg)).collect();
    if wanted.is_empty() {
        return Ok(all);
    }
    let mut chosen = Vec::new();
    for piece in wanted {
        if is_path(piece) {
            chosen.extend(read_all(&Folder::OnDisk(piece.into()))?);
            continue;
        }
        let matching = matching(piece, &all)?;
        if !matching.is_empty() {
            chosen.extend(matching);
        } else if Path::new(piece).is_dir() {
            chosen.extend(read_all(&Folder::OnDisk(piece.into()))?);
        } else {
            return Err(WorkloadError::NoMatch { wanted: piece.to_owned(), near: near(piece, &all) });
        }
    }
    sorted(chosen)
}

/// The parts of a list separated by commas, unless those commas belong to a directory's name or to the
/// alternatives of a glob.
fn pieces(arg: &str) -> Vec<&str> {
    if Path::new(arg).is_dir() {
        return vec![arg];
    }
    let mut depth = 0_usize;
    let separates = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    arg.split(separates).map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

/// Whether a piece can only be a directory: no workload is named like this.
fn is_path(piece: &str) -> bool {
    piece.starts_with(['.', '/', '~']) || piece.ends_with(['/', '\\']) || Path::new(piece).is_absolute()
}

/// The workloads that a name, a suite or a glob stands for.
fn matching(piece: &str, all: &[Workload]) -> Result<Vec<Workload>, WorkloadError> {
    let is_chosen = chooser(piece)?;
    Ok(all.iter().filter(|workload| is_chosen(&workload.name)).cloned().collect())
}

/// Whether a name is chosen by a name, the folder before it, or a glob.
pub(super) fn chooser(piece: &str) -> Result<impl Fn(&str) -> bool + use<>, WorkloadError> {
    // A `*` crosses from the suite into the name, so that `*json*` finds what one would think.
    let glob = GlobBuilder::new(piece)
        .literal_separator(false)
        .build()
        .map_err(|error| WorkloadError::Glob { glob: piece.to_owned(), reason: error.kind().to_string() })?;
    let matcher = glob.compile_matcher();
    let folder = format!("{piece}/");
    Ok(move |name: &str| matcher.is_match(name) || name.starts_with(&folder))
}

/// The name closest to one that nothing matched; a workload's name without its suite counts too.
fn near(piece: &str, all: &[Workload]) -> Option<String> {
    let names = || all.iter().map(|workload| workload.name.as_str());
    let suffix = format!("/{piece}");
    names()
        .find(|name| name.ends_with(&suffix))
        .or_else(|| nearest(piece, names()))
        .or_else(|| {
            names()
                .find(|name| name.split_once('/').is_some_and(|(_, short)| nearest(piece, [short]).is_some()))
        })
        .map(str::to_owned)
}

/// Every workload in a directory of suites, a suite or a workload.
fn read_all(root: &Folder) -> Result<Vec<Workload>, WorkloadError> {
    if is_workload(root)? {
        let suite = root.parent()?.unwrap_or_else(|| root.clone()).name()?;
        return Ok(vec![read(root, &suite)?]);
    }
    let mut found = read_suite(root)?;
    if found.is_empty() {
        for suite in root.folders()? {
            found.extend(read_suite(&suite)?);
        }
    }
    if found.is_empty() {
        return Err(WorkloadError::Empty { path: root.path() });
    }
    Ok(found)
}

/// The workloads directly in a suite's folder. Folders that are none are left alone.
fn read_suite(suite: &Folder) -> Result<Vec<Workload>, WorkloadError> {
    let mut found = Vec::new();
    for folder in suite.folders()? {
        if is_workload(&folder)? {
            found.push(read(&folder, &suite.name()?)?);
        }
    }
    Ok(found)
}

/// By name and each once. Two of one name are one when their content is.
fn sorted(mut workloads: Vec<Workload>) -> Result<Vec<Workload>, WorkloadError> {
    workloads.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(two) =
        workloads.windows(2).find(|two| two[0].name == two[1].name && two[0].hash != two[1].hash)
    {
        return Err(WorkloadError::Duplicate { name: two[0].name.clone() });
    }
    workloads.dedup_by(|a, b| a.name == b.name);
    Ok(workloads)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(workloads: &[Workload]) -> Vec<&str> {
        workloads.iter().map(|workload| workload.name.as_str()).collect()
    }

    fn choose(args: &[&str]) -> Result<Vec<Workload>, WorkloadError> {
        select(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    /// Writes a workload that answers 1, at `path`.
    fn write(path: &Path, body: &str) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("workload.toml"), "kind = \"javascript\"\nwhy = \"a test\"\n").unwrap();
        fs::write(path.join("main.js"), body).unwrap();
        fs::write(path.join("expected.json"), "1").unwrap();
    }

    #[test]
    fn all_built_in_workloads_are_in_order() {
        let all = built_in().unwrap();
        assert!(all.len() >= 14, "{}", all.len());
        assert!(all.is_sorted_by(|a, b| a.name < b.name));
        for workload in &all {
            let (suite, name) = workload.name.split_once('/').unwrap();
            let kebab = |word: &str| {
                !word.is_empty()
                    && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            };
            assert!(kebab(suite) && kebab(name), "{}", workload.name);
            assert!(
                workload.why.ends_with('.') && workload.why.len() > 30,
                "{}: {}",
                workload.name,
                workload.why
            );
            assert_eq!(workload.hash.len(), 32, "{}", workload.name);
            assert!(!workload.script.body.trim().is_empty(), "{}", workload.name);
            assert!(workload.input.len() <= 200_000, "{}: {}", workload.name, workload.input.len());
            assert!(workload.expected.accepts(workload.expected.text()), "{}", workload.name);
        }
        for (at, workload) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.hash != workload.hash), "{}", workload.name);
        }
    }

    #[test]
    fn what_is_built_in_is_what_is_on_disk() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
        let hashes = |all: Vec<Workload>| all.into_iter().map(|w| (w.name, w.hash)).collect::<Vec<_>>();
        assert_eq!(hashes(load(&[root]).unwrap()), hashes(built_in().unwrap()));
    }

    #[test]
    fn names_suites_and_globs_choose() {
        let all = built_in().unwrap();
        let check = |args: &[&str], keep: &dyn Fn(&str) -> bool| {
            let expected: Vec<_> = names(&all).into_iter().filter(|name| keep(name)).collect();
            assert!(!expected.is_empty());
            assert_eq!(names(&choose(args).unwrap()), expected, "{args:?}");
        };
        check(&[], &|_| true);
        check(&["*"], &|_| true);
        check(&["seed/fib"], &|name| name == "seed/fib");
        check(&["seed"], &|name| name.starts_with("seed/"));
        check(&["seed/*"], &|name| name.starts_with("seed/"));
        check(&["*json*"], &|name| name.contains("json"));
        check(&["seed/{fib,csv*}"], &|name| name == "seed/fib" || name.starts_with("seed/csv"));
        let mixed = |name: &str| name == "seed/fib" || name.contains("json");
        check(&["seed/fib, *json*,"], &mixed);
        check(&["*json*", "seed/fib", "seed/fi?"], &mixed);
    }

    #[test]
    fn choosing_nothing_is_an_error_with_advice() {
        let check = |arg: &str, expected: &str| {
            assert_eq!(choose(&[arg]).unwrap_err().to_string(), expected);
        };
        check(
            "seed/one-plus-on",
            "no workload matches `seed/one-plus-on`; did you mean `seed/one-plus-one`?",
        );
        check("one-plus-one", "no workload matches `one-plus-one`; did you mean `seed/one-plus-one`?");
        check("one-plsu-one", "no workload matches `one-plsu-one`; did you mean `seed/one-plus-one`?");
        check("seed/fib,q9", "no workload matches `q9`");
        check("seed/[", "`seed/[` is not a glob: unclosed character class; missing ']'");
        assert!(choose(&["./not-here"]).unwrap_err().to_string().starts_with("./not-here: "));
    }

    #[test]
    fn a_directory_may_be_suites_a_suite_or_a_workload() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("mine");
        write(&root.join("a/x"), "return 1");
        write(&root.join("a/y"), "return 2-1");
        write(&root.join("b/x"), "return 3-2");
        fs::create_dir_all(root.join("notes/old")).unwrap();
        fs::write(root.join("notes/old/read.me"), "nothing to run").unwrap();
        fs::create_dir_all(root.join(".git/x")).unwrap();
        let check = |paths: &[&Path], expected: &[&str]| {
            let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
            assert_eq!(names(&load(&paths).unwrap()), expected);
            let args: Vec<_> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            assert_eq!(names(&select(&args).unwrap()), expected);
            assert_eq!(names(&select(&[args.join(",")]).unwrap()), expected);
        };
        check(&[&root], &["a/x", "a/y", "b/x"]);
        check(&[&root.join("a")], &["a/x", "a/y"]);
        check(&[&root.join("a/y")], &["a/y"]);
        check(&[&root.join("a/../b"), &root.join("a")], &["a/x", "a/y", "b/x"]);
        check(&[&root, &root.join("a/x")], &["a/x", "a/y", "b/x"]);
        let with_glob = format!("seed/fib,{}", root.join("b").display());
        assert_eq!(names(&choose(&[&with_glob]).unwrap()), ["b/x", "seed/fib"]);
    }

    #[test]
    fn a_directory_that_is_no_suite_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let load_one = |path: &Path| load(&[path.to_owned()]).unwrap_err().to_string();
        assert!(load_one(dir.path()).contains("no workloads here"));
        write(&dir.path().join("one/a/x"), "return 1");
        write(&dir.path().join("two/a/x"), "return 2-1");
        let both = load(&[dir.path().join("one"), dir.path().join("two")]).unwrap_err().to_string();
        assert!(both.starts_with("two different workloads are named `a/x`"), "{both}");
        write(&dir.path().join("bad/a suite/x"), "return 1");
        assert!(load_one(&dir.path().join("bad")).contains("`a suite` cannot name"));
        fs::remove_file(dir.path().join("one/a/x/workload.toml")).unwrap();
        assert!(load_one(&dir.path().join("one")).contains("add the definition"));
    }
}

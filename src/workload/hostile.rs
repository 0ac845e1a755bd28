//! The hostile corpus: scripts that loop, eat memory, overflow stacks or reach for the host, with the outcomes
//! that are right for them.
//!
//! A script is one file. What is expected of it stands in the comment it begins with, so that a folder of
//! anyone's scripts is a corpus too, only one without expectations.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::WorkloadError;
pub use super::choose::choose;
use super::definition::{from_toml, sentence};
use super::files::Folder;
use super::near::one_of;
use crate::engine::Script;

/// The folder of the corpus among the suites.
const FOLDER: &str = "hostile";
const ENDING: &str = ".js";

/// What encloses the front matter, within the script's first comment.
const OPENS: &str = "/*---";
const CLOSES: &str = "---";
const COMMENT_CLOSES: &str = "*/";

/// A script that means harm.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// Its path in the corpus without `.js`, such as `loop/plain`.
    pub name: String,
    /// The outermost folder it lies in, where it lies in one: the kind of harm it does.
    pub class: Option<String>,
    /// What it does, and what breaks when it is not contained, in one sentence. `None` without front matter.
    pub why: Option<String>,
    /// What an isolate loads. The front matter is blanked out, so that lines keep their numbers and no word in
    /// it says anything about the script.
    pub script: Arc<Script>,
    /// What should come of it. `None` without front matter.
    pub expected: Option<Expectations>,
}

/// What should come of a hostile script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    outcomes: Vec<String>,
    engines: BTreeMap<String, Vec<String>>,
    hosts: BTreeMap<String, Vec<String>>,
}

impl Expectations {
    /// The names of the outcomes that are right on this engine, in a process of its own; any of them is.
    pub fn outcomes(&self, engine: &str) -> &[String] {
        self.engines.get(engine).unwrap_or(&self.outcomes)
    }

    /// Whether the process around this engine is expected to die of the script, under this isolation.
    pub fn loses_host(&self, isolation: &str, engine: &str) -> bool {
        self.hosts.get(isolation).is_some_and(|engines| engines.iter().any(|lost| lost == engine))
    }
}

/// The names that front matter may use. They belong to layers that this one does not see.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Kinds of outcomes.
    pub outcomes: &'a [&'a str],
    /// Engines, built in or not.
    pub engines: &'a [&'a str],
    /// Isolations.
    pub isolations: &'a [&'a str],
}

/// The front matter as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    why: Option<String>,
    #[serde(default)]
    expect: Vec<String>,
    #[serde(default)]
    engines: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    hosts: BTreeMap<String, Vec<String>>,
}

/// The fields of [`Wire`], for naming the one that was meant.
const FIELDS: [&str; 4] = ["why", "expect", "engines", "hosts"];

/// Every script of a corpus, by name: of the one built in, or of all `.js` files in `dir` and its folders.
///
/// # Errors
/// Whatever cannot be read, and front matter that says something it must not. A directory without a single
/// script is an error; a script without front matter is none.
pub fn corpus(dir: Option<&Path>, known: &Known<'_>) -> Result<Vec<Hostile>, WorkloadError> {
    let root = match dir {
        Some(dir) => Folder::OnDisk(dir.to_owned()),
        None => built_in()?,
    };
    let mut found = Vec::new();
    collect(&root, "", known, &mut found)?;
    if found.is_empty() {
        return Err(WorkloadError::NoScripts { path: root.path() });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn built_in() -> Result<Folder, WorkloadError> {
    let suites = Folder::built_in();
    let path = suites.path().join(FOLDER);
    suites
        .folders()?
        .into_iter()
        .find(|folder| folder.path() == path)
        .ok_or(WorkloadError::NoScripts { path })
}

/// Reads what lies in `folder`, whose path in the corpus is `prefix`.
fn collect(
    folder: &Folder,
    prefix: &str,
    known: &Known<'_>,
    found: &mut Vec<Hostile>,
) -> Result<(), WorkloadError> {
    for file in folder.files(ENDING)? {
        // `None` only if it went away since it was listed.
        let Some(text) = folder.read(&file)? else { continue };
        let name = format!("{prefix}{}", file.strip_suffix(ENDING).unwrap_or(&file));
        found.push(read(name, text, &folder.path().join(&file), known)?);
    }
    for inner in folder.folders()? {
        let path = inner.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        collect(&inner, &format!("{prefix}{name}/"), known, found)?;
    }
    Ok(())
}

fn read(name: String, text: String, path: &Path, known: &Known<'_>) -> Result<Hostile, WorkloadError> {
    let source = Source { path, known };
    let (why, expected, body) = match source.split(&text)? {
        Some((front, body)) => {
            let (why, expected) = source.front_matter(front)?;
            (Some(why), Some(expected), body)
        }
        None => (None, None, text),
    };
    let class = name.split_once('/').map(|(class, _)| class.to_owned());
    let script = Arc::new(Script::new(format!("{name}{ENDING}"), body));
    Ok(Hostile { name, class, why, script, expected })
}

/// The file being read, as the place that complaints are about.
struct Source<'a> {
    path: &'a Path,
    known: &'a Known<'a>,
}

impl Source<'_> {
    /// The front matter, from the line on which it opens, and the script with the front matter blanked out.
    /// `None` where there is no front matter.
    fn split<'t>(&self, text: &'t str) -> Result<Option<(&'t str, String)>, WorkloadError> {
        let Some(rest) = text.strip_prefix(OPENS) else { return Ok(None) };
        // JavaScript ends the comment here, whatever was meant.
        let (comment, body) = rest.split_once(COMMENT_CLOSES).unwrap_or((rest, ""));
        let front = comment.strip_suffix(CLOSES).ok_or_else(|| {
            self.complaint(format!(
                "the front matter does not end with the comment it stands in; close it by `{CLOSES}{COMMENT_CLOSES}`, and keep `{COMMENT_CLOSES}` out of it"
            ))
        })?;
        let lines = "\n".repeat(front.matches('\n').count());
        Ok(Some((front, lines + body)))
    }

    fn front_matter(&self, front: &str) -> Result<(String, Expectations), WorkloadError> {
        let wire: Wire = from_toml(front, &FIELDS, self.path)?;
        let why = sentence(wire.why, "what the script does and what breaks when it is not contained")
            .map_err(|message| self.complaint(message))?;
        let Known { outcomes, engines, isolations } = self.known;
        self.all_known("expect", "outcome", &wire.expect, outcomes)?;
        for (engine, expect) in &wire.engines {
            self.known("engines", "engine", engine, engines)?;
            self.all_known(&format!("engines.{engine}"), "outcome", expect, outcomes)?;
        }
        for (isolation, lost) in &wire.hosts {
            self.known("hosts", "isolation", isolation, isolations)?;
            self.all_known(&format!("hosts.{isolation}"), "engine", lost, engines)?;
        }
        Ok((why, Expectations { outcomes: wire.expect, engines: wire.engines, hosts: wire.hosts }))
    }

    fn all_known(
        &self,
        field: &str,
        what: &str,
        words: &[String],
        known: &[&str],
    ) -> Result<(), WorkloadError> {
        if words.is_empty() {
            return Err(self.complaint(format!("`{field}` names no {what}; known are {}", known.join(", "))));
        }
        words.iter().try_for_each(|word| self.known(field, what, word, known))
    }

    fn known(&self, field: &str, what: &str, word: &str, known: &[&str]) -> Result<(), WorkloadError> {
        if known.contains(&word) {
            return Ok(());
        }
        Err(self.complaint(format!("`{field}` names an unknown {what} `{word}`{}", one_of(word, known))))
    }

    fn complaint(&self, message: String) -> WorkloadError {
        WorkloadError::Definition { path: self.path.to_owned(), line: None, message }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::engine::{Deadline, Limits, registry};
    use crate::executor::{Isolation, OutcomeKind};
    use crate::workload::{built_in as suites, select};

    /// The names in use, from those who own them.
    fn with_known<T>(work: impl FnOnce(&Known<'_>) -> T) -> T {
        let outcomes = OutcomeKind::ALL.map(OutcomeKind::as_str);
        let engines: Vec<_> = registry::entries().iter().map(registry::Entry::id).collect();
        let isolations = Isolation::ALL.map(Isolation::as_str);
        work(&Known { outcomes: &outcomes, engines: &engines, isolations: &isolations })
    }

    fn all() -> Vec<Hostile> {
        with_known(|known| corpus(None, known)).unwrap()
    }

    fn read_text(text: &str) -> Result<Hostile, WorkloadError> {
        let outcomes = ["ok", "timeout", "crash"];
        let known = Known { outcomes: &outcomes, engines: &["boa", "quickjs"], isolations: &["task"] };
        read("a/b".to_owned(), text.to_owned(), Path::new("a/b.js"), &known)
    }

    #[test]
    fn every_class_is_there_and_every_script_says_what_is_right() {
        let all = all();
        assert!(all.len() >= 100, "{}", all.len());
        assert!(all.is_sorted_by(|a, b| a.name < b.name));
        for class in ["loop", "builtin", "memory", "stack", "result", "state", "host", "known"] {
            let scripts = all.iter().filter(|script| script.class.as_deref() == Some(class)).count();
            assert!(scripts >= 5, "{class}: {scripts}");
        }
        for script in &all {
            let name = &script.name;
            let why = script.why.as_deref().unwrap_or_default();
            assert!(why.ends_with('.') && why.len() > 30, "{name}: {why}");
            assert!(script.expected.is_some(), "{name}");
            assert!(!script.script.body.trim().is_empty(), "{name}");
        }
    }

    #[test]
    fn whoever_loses_its_host_may_crash_in_a_process_of_its_own() {
        for script in all() {
            let expected = script.expected.unwrap();
            for (engine, isolation) in registry::entries()
                .iter()
                .flat_map(|engine| Isolation::ALL.map(|isolation| (engine.id(), isolation)))
            {
                let may_crash = expected.outcomes(engine).iter().any(|outcome| outcome == "crash");
                let dies = expected.loses_host(isolation.as_str(), engine);
                assert!(may_crash || !dies, "{}: {engine}", script.name);
            }
        }
    }

    /// Deep and wrong sources are made at run time: what cannot even be loaded would show nothing.
    #[test]
    fn every_engine_can_load_every_script() {
        for engine in registry::built() {
            let stack = engine.info().stack_bytes();
            let load_all = move || {
                let mut isolate = engine.create(&Limits::default()).unwrap();
                for script in all() {
                    let loaded = isolate.load(&script.script, &Deadline::after(Duration::from_secs(20)));
                    assert!(loaded.is_ok(), "{}: {}: {loaded:?}", engine.info().id, script.name);
                }
            };
            let thread = thread::Builder::new().stack_size(stack).spawn(load_all).unwrap();
            thread.join().unwrap();
        }
    }

    #[test]
    fn what_is_built_in_is_what_is_on_disk() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(FOLDER);
        let on_disk = with_known(|known| corpus(Some(&dir), known)).unwrap();
        let parts = |all: Vec<Hostile>| all.into_iter().map(|h| (h.script, h.expected)).collect::<Vec<_>>();
        assert_eq!(parts(on_disk), parts(all()));
    }

    #[test]
    fn the_corpus_is_no_suite() {
        assert!(suites().unwrap().iter().all(|workload| !workload.name.starts_with(FOLDER)));
        assert!(select(&[FOLDER.to_owned()]).unwrap_err().to_string().contains("no workload matches"));
    }

    #[test]
    fn front_matter_arrives_and_leaves_no_trace_in_the_script() {
        let text = "/*---\nwhy = \"no await here.\"\nexpect = [\"timeout\"]\n[engines]\nboa = [\"ok\", \"crash\"]\n\
                    [hosts]\ntask = [\"boa\"]\n---*/\nreturn 1 /* x */\n";
        let script = read_text(text).unwrap();
        assert_eq!((script.name.as_str(), script.class.as_deref()), ("a/b", Some("a")));
        assert_eq!(script.why.as_deref(), Some("no await here."));
        let expected = script.expected.unwrap();
        assert_eq!(expected.outcomes("quickjs"), ["timeout"]);
        assert_eq!(expected.outcomes("boa"), ["ok", "crash"]);
        assert!(expected.loses_host("task", "boa"));
        assert!(!expected.loses_host("task", "quickjs") && !expected.loses_host("thread", "boa"));
        assert_eq!(script.script.name, "a/b.js");
        assert_eq!(script.script.body, "\n\n\n\n\n\n\n\nreturn 1 /* x */\n");
    }

    #[test]
    fn complaints_say_where_what_and_what_to_do() {
        let check = |front: &str, expected: &str| {
            let message = read_text(&format!("/*---\n{front}\n---*/\nreturn 1\n")).unwrap_err().to_string();
            assert_eq!(message, format!("a/b.js{expected}"));
        };
        let good = "why = \"a test\"\nexpect = [\"ok\"]\n";
        let with = |extra: &str, expected: &str| check(&format!("{good}{extra}"), expected);
        check(
            "expect = [\"ok\"]",
            ": `why` is missing; say in one sentence what the script does and what breaks when it is not contained",
        );
        check("why = \"a\\nb\"\nexpect = [\"ok\"]", ": `why` has several lines; keep it to one sentence");
        check("why = \"a test\"", ": `expect` names no outcome; known are ok, timeout, crash");
        check(
            "why = \"a test\"\nexpect = [\"timout\"]",
            ": `expect` names an unknown outcome `timout`; did you mean `timeout`?",
        );
        with("expct = []", ": unknown field `expct`; did you mean `expect`?");
        with("zzz = 1", ": unknown field `zzz`; known are why, expect, engines, hosts");
        with("hosts = 1", ":4: invalid type: integer `1`, expected a map");
        with("engines.bao = [\"ok\"]", ": `engines` names an unknown engine `bao`; did you mean `boa`?");
        with("engines.boa = []", ": `engines.boa` names no outcome; known are ok, timeout, crash");
        with(
            "engines.boa = [\"x\"]",
            ": `engines.boa` names an unknown outcome `x`; known are ok, timeout, crash",
        );
        with("hosts.taks = [\"boa\"]", ": `hosts` names an unknown isolation `taks`; did you mean `task`?");
        with("hosts.task = [\"v8\"]", ": `hosts.task` names an unknown engine `v8`; known are boa, quickjs");
        with("why = \"twice\"", ":4: duplicate key");
    }

    #[test]
    fn front_matter_ends_where_its_comment_does() {
        for text in ["/*---\nwhy = \"a\"\n", "/*---\nwhy = \"a */ b\"\n---*/", "/*---\nwhy = \"a\"\n*/"] {
            let message = read_text(text).unwrap_err().to_string();
            assert!(message.starts_with("a/b.js: the front matter does not end"), "{message}");
        }
    }

    #[test]
    fn a_plain_folder_needs_no_metadata() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("top.js", "return 1 /* --- */"),
            ("b/x.js", "/* a comment */ return 2"),
            ("b/deep/er.js", "while (1);"),
            ("b/.hidden.js", "no"),
            (".git/x.js", "no"),
            ("b/main.txt", "no"),
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = with_known(|known| corpus(Some(dir.path()), known)).unwrap();
        let got: Vec<_> = found
            .iter()
            .map(|script| (script.name.as_str(), script.class.as_deref(), script.script.body.as_str()))
            .collect();
        assert_eq!(
            got,
            [
                ("b/deep/er", Some("b"), "while (1);"),
                ("b/x", Some("b"), "/* a comment */ return 2"),
                ("top", None, "return 1 /* --- */"),
            ]
        );
        assert!(found.iter().all(|script| script.why.is_none() && script.expected.is_none()));
    }

    #[test]
    fn a_folder_without_scripts_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let message = |dir: &Path| with_known(|known| corpus(Some(dir), known)).unwrap_err().to_string();
        assert!(message(dir.path()).ends_with(": no scripts here; expected .js files, in folders or not"));
        assert!(message(&dir.path().join("not-here")).contains("not-here: "));
    }
}

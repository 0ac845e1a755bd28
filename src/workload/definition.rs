//! A workload's definition: the wire form as written in `workload.toml`, and its one conversion into the
//! checked form. All complaints about a workload are made here, with the file in them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::{Digest, Sha256};

use super::files::Folder;
use super::near::one_of;
use super::{Expected, Kind, Workload, WorkloadError};
use crate::engine::Script;

/// The file that makes a folder a workload.
pub(super) const DEFINITION: &str = "workload.toml";
const SCRIPT: &str = "main.js";
const INPUT: &str = "input.json";
const EXPECTED: &str = "expected.json";

/// The definition as written. Nothing in it has been checked but its shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    kind: Option<String>,
    why: Option<String>,
    #[serde(default)]
    setup: Vec<String>,
    script: Option<String>,
    input: Option<String>,
    expected: Option<String>,
    tolerance: Option<f64>,
    deadline: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// The fields of [`Wire`], for naming the one that was meant.
const FIELDS: [&str; 9] =
    ["kind", "why", "setup", "script", "input", "expected", "tolerance", "deadline", "tags"];

/// Whether the folder is a workload.
///
/// # Errors
/// When it looks like one (it holds a script, an input or an expected answer) but lacks the definition.
pub(super) fn is_workload(folder: &Folder) -> Result<bool, WorkloadError> {
    if folder.has(DEFINITION) {
        return Ok(true);
    }
    match [SCRIPT, INPUT, EXPECTED].into_iter().find(|file| folder.has(file)) {
        Some(file) => Err(WorkloadError::Missing {
            path: folder.path().join(DEFINITION),
            advice: format!(
                "{file} beside it looks like a workload: add the definition, with `kind` and `why`"
            ),
        }),
        None => Ok(false),
    }
}

/// Reads the workload in `folder` and names it `suite/<folder's name>`.
///
/// # Errors
/// Whatever is wrong with its definition or its files.
pub(super) fn read(folder: &Folder, suite: &str) -> Result<Workload, WorkloadError> {
    let source = Source { folder };
    let wire = source.wire()?;
    let kind = source.kind(wire.kind.as_deref())?;
    let why = source.why(wire.why)?;
    let tolerance = source.tolerance(wire.tolerance)?;
    let deadline = source.deadline(wire.deadline.as_deref())?;
    if let Some(tag) = wire.tags.iter().find(|tag| tag.is_empty() || tag.contains(char::is_whitespace)) {
        return Err(source.complaint(format!("`tags` holds {tag:?}; a tag is one word")));
    }

    let name = format!("{suite}/{}", folder.name()?);
    let script_file = wire.script.as_deref().unwrap_or(SCRIPT);
    let body = source.required("script", script_file)?;
    let setup = wire.setup.iter().map(|file| source.required("setup", file)).collect::<Result<_, _>>()?;
    let input = source.input(wire.input.as_deref())?;
    let expected = source.expected(wire.expected.as_deref().unwrap_or(EXPECTED), tolerance)?;

    let script = Script { name: format!("{name}/{script_file}"), body, setup };
    let hash = content_hash(kind, &script, &input, &expected);
    let script = Arc::new(script);
    Ok(Workload { name, kind, why, script, input, expected, deadline, hash, tags: wire.tags })
}

/// The folder being read, as the place that complaints are about.
struct Source<'a> {
    folder: &'a Folder,
}

impl Source<'_> {
    fn wire(&self) -> Result<Wire, WorkloadError> {
        let text = self.folder.read(DEFINITION)?.ok_or_else(|| WorkloadError::Missing {
            path: self.folder.path().join(DEFINITION),
            advice: "add it, with `kind` and `why`".to_owned(),
        })?;
        from_toml(&text, &FIELDS, &self.folder.path().join(DEFINITION))
    }

    fn kind(&self, written: Option<&str>) -> Result<Kind, WorkloadError> {
        let names = Kind::ALL.map(Kind::name);
        let written = written.ok_or_else(|| {
            self.complaint(format!("`kind` is missing; set it to one of {}", names.join(", ")))
        })?;
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == written)
            .ok_or_else(|| self.complaint(format!("unknown kind `{written}`{}", one_of(written, &names))))
    }

    fn why(&self, written: Option<String>) -> Result<String, WorkloadError> {
        sentence(written, "which real shape the workload stands for")
            .map_err(|message| self.complaint(message))
    }

    fn tolerance(&self, written: Option<f64>) -> Result<f64, WorkloadError> {
        let tolerance = written.unwrap_or(0.0);
        if (0.0..1.0).contains(&tolerance) {
            return Ok(tolerance);
        }
        Err(self
            .complaint(format!("`tolerance` is {tolerance}; it is a share of the value, from 0 to below 1")))
    }

    fn deadline(&self, written: Option<&str>) -> Result<Option<Duration>, WorkloadError> {
        let Some(written) = written else { return Ok(None) };
        match humantime::parse_duration(written) {
            Ok(deadline) if deadline > Duration::ZERO => Ok(Some(deadline)),
            Ok(_) => Err(self.complaint("`deadline` is zero; nothing could meet it".to_owned())),
            Err(error) => {
                Err(self.complaint(format!("`deadline` is {written:?}: {error}; write it like \"5s\"")))
            }
        }
    }

    /// The input's text without the whitespace around it. Numbers stay as written.
    fn input(&self, written: Option<&str>) -> Result<Arc<str>, WorkloadError> {
        let file = written.unwrap_or(INPUT);
        if written.is_none() && !self.folder.has(INPUT) {
            return Ok("null".into());
        }
        let text = self.required("input", file)?;
        serde_json::from_str::<IgnoredAny>(&text)
            .map_err(|source| WorkloadError::Json { path: self.folder.path().join(file), source })?;
        Ok(text.trim().into())
    }

    fn expected(&self, file: &str, tolerance: f64) -> Result<Expected, WorkloadError> {
        let text = self.required("expected", file)?;
        Expected::new(&text, tolerance)
            .map_err(|source| WorkloadError::Json { path: self.folder.path().join(file), source })
    }

    fn required(&self, field: &str, file: &str) -> Result<String, WorkloadError> {
        if file.is_empty() || file.contains(['/', '\\']) || file == ".." {
            let message = format!("`{field}` is {file:?}; name a file in the workload's own folder");
            return Err(self.complaint(message));
        }
        self.folder.read(file)?.ok_or_else(|| WorkloadError::Missing {
            path: self.folder.path().join(file),
            advice: format!("add it, or name another file as `{field}` in {DEFINITION}"),
        })
    }

    fn complaint(&self, message: String) -> WorkloadError {
        WorkloadError::Definition { path: self.folder.path().join(DEFINITION), line: None, message }
    }
}

/// What `text` says. Its lines are counted as those of the file at `path`.
///
/// # Errors
/// When it is no TOML, holds another field than `fields`, or one of another type.
pub(super) fn from_toml<T: DeserializeOwned>(
    text: &str,
    fields: &[&str],
    path: &Path,
) -> Result<T, WorkloadError> {
    let refuse = |error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let message = error.message().replace('\n', "; ");
        WorkloadError::Definition { path: path.to_owned(), line, message }
    };
    let table: toml::Table = toml::from_str(text).map_err(refuse)?;
    if let Some(field) = table.keys().find(|key| !fields.contains(&key.as_str())) {
        let message = format!("unknown field `{field}`{}", one_of(field, fields));
        return Err(WorkloadError::Definition { path: path.to_owned(), line: None, message });
    }
    toml::from_str(text).map_err(refuse)
}

/// The sentence that `why` must be.
///
/// # Errors
/// What is wrong with it; `says` is what it should tell.
pub(super) fn sentence(written: Option<String>, says: &str) -> Result<String, String> {
    let why = written.unwrap_or_default().trim().to_owned();
    if why.is_empty() {
        return Err(format!("`why` is missing; say in one sentence {says}"));
    }
    if why.contains('\n') {
        return Err("`why` has several lines; keep it to one sentence".to_owned());
    }
    Ok(why)
}

fn content_hash(kind: Kind, script: &Script, input: &str, expected: &Expected) -> String {
    let tolerance = expected.tolerance().to_string();
    let parts = [kind.name(), &script.body, input, expected.text(), &tolerance];
    hash_of(parts.into_iter().chain(script.setup.iter().map(String::as_str)).map(str::as_bytes))
}

/// The first half of a SHA-256, in hex. Every part carries its length, so that no text can move from one part
/// to the next unseen.
pub(super) fn hash_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const GOOD: &str = "kind = \"filter\"\nwhy = \"a test\"\n";

    /// A workload folder with these files, `None` to leave one of the usual out.
    fn folder(files: &[(&str, Option<&str>)]) -> (TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w");
        fs::create_dir(&path).unwrap();
        let usual = [(DEFINITION, Some(GOOD)), (SCRIPT, Some("return input")), (EXPECTED, Some(" 1\n"))];
        for (file, text) in usual.iter().chain(files) {
            match text {
                Some(text) => fs::write(path.join(file), text).unwrap(),
                None => fs::remove_file(path.join(file)).unwrap(),
            }
        }
        (dir, Folder::OnDisk(path))
    }

    fn read_with(files: &[(&str, Option<&str>)]) -> Result<Workload, WorkloadError> {
        let (_dir, folder) = folder(files);
        read(&folder, "s")
    }

    #[test]
    fn every_field_arrives() {
        let toml = "kind = \"filter\"\nwhy = \" a test \"\nsetup = [\"a.js\", \"b.js\"]\nscript = \"s.js\"\n\
                    input = \"i.json\"\nexpected = \"e.json\"\ntolerance = 0.1\ndeadline = \"1s 500ms\"\n\
                    tags = [\"x\"]\n";
        let workload = read_with(&[
            (DEFINITION, Some(toml)),
            ("a.js", Some("var a = 1;")),
            ("b.js", Some("var b = a;")),
            ("s.js", Some("return b")),
            ("i.json", Some("\n [1.0, 1e2] \n")),
            ("e.json", Some("{ \"a b\": 1.0 }")),
        ])
        .unwrap();
        assert_eq!(workload.name, "s/w");
        assert_eq!(workload.kind, Kind::Filter);
        assert_eq!(workload.why, "a test");
        assert_eq!(workload.script.setup, ["var a = 1;", "var b = a;"]);
        assert_eq!((workload.script.name.as_str(), workload.script.body.as_str()), ("s/w/s.js", "return b"));
        assert_eq!(&*workload.input, "[1.0, 1e2]");
        assert_eq!((workload.expected.text(), workload.expected.tolerance()), ("{\"a b\":1.0}", 0.1));
        assert_eq!(workload.deadline, Some(Duration::from_millis(1500)));
        assert_eq!(workload.tags, ["x"]);
    }

    #[test]
    fn an_absent_input_is_null() {
        assert_eq!(&*read_with(&[]).unwrap().input, "null");
    }

    #[test]
    fn complaints_say_where_what_and_what_to_do() {
        let check = |files: &[(&str, Option<&str>)], expected: &str| {
            let message = read_with(files).unwrap_err().to_string();
            let inside = message.split_once("/w/").map_or("", |(_, inside)| inside);
            assert_eq!(inside, expected, "{message}");
        };
        let toml = |extra: &str, expected: &str| {
            check(&[(DEFINITION, Some(&format!("{GOOD}{extra}\n")))], &format!("workload.toml{expected}"));
        };
        toml("dedline = \"5s\"", ": unknown field `dedline`; did you mean `deadline`?");
        toml(
            "zzz = 1",
            ": unknown field `zzz`; known are kind, why, setup, script, input, expected, tolerance, deadline, tags",
        );
        toml("tags = 3", ":3: invalid type: integer `3`, expected a sequence");
        toml("tags = [\"a b\"]", ": `tags` holds \"a b\"; a tag is one word");
        toml("tolerance = 1.0", ": `tolerance` is 1; it is a share of the value, from 0 to below 1");
        toml("tolerance = nan", ": `tolerance` is NaN; it is a share of the value, from 0 to below 1");
        toml("deadline = \"0s\"", ": `deadline` is zero; nothing could meet it");
        toml("deadline = \"soon\"", ": `deadline` is \"soon\": expected number at 0; write it like \"5s\"");
        toml("setup = [\"../a.js\"]", ": `setup` is \"../a.js\"; name a file in the workload's own folder");
        let definition = |text: &str, expected: &str| {
            check(&[(DEFINITION, Some(text))], &format!("workload.toml: {expected}"));
        };
        definition("why = \"a\"", "`kind` is missing; set it to one of javascript, filter");
        definition("kind = \"filtr\"\nwhy = \"a\"", "unknown kind `filtr`; did you mean `filter`?");
        definition("kind = \"x\"\nwhy = \"a\"", "unknown kind `x`; known are javascript, filter");
        definition(
            "kind = \"filter\"\nwhy = \" \"",
            "`why` is missing; say in one sentence which real shape the workload stands for",
        );
        definition("kind = \"filter\"\nwhy = \"a\\nb\"", "`why` has several lines; keep it to one sentence");
        check(
            &[(SCRIPT, None)],
            "main.js: no such file; add it, or name another file as `script` in workload.toml",
        );
        check(
            &[(EXPECTED, None)],
            "expected.json: no such file; add it, or name another file as `expected` in workload.toml",
        );
        check(
            &[(DEFINITION, Some(&format!("{GOOD}input = \"i.json\"")))],
            "i.json: no such file; add it, or name another file as `input` in workload.toml",
        );
        check(
            &[(INPUT, Some("{"))],
            "input.json: not valid JSON: EOF while parsing an object at line 1 column 1",
        );
        check(
            &[(EXPECTED, Some(""))],
            "expected.json: not valid JSON: EOF while parsing a value at line 1 column 0",
        );
    }

    #[test]
    fn toml_that_does_not_parse_names_its_line() {
        let message = read_with(&[(DEFINITION, Some("kind = \"filter\"\nwhy =\n"))]).unwrap_err().to_string();
        assert!(message.contains("workload.toml:2: "), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }

    #[test]
    fn a_script_without_a_definition_is_no_silent_gap() {
        let (_dir, unfinished) = folder(&[(DEFINITION, None)]);
        let message = is_workload(&unfinished).unwrap_err().to_string();
        assert!(message.contains("workload.toml: no such file; main.js beside it"), "{message}");
        let empty = tempfile::tempdir().unwrap();
        assert!(!is_workload(&Folder::OnDisk(empty.path().to_owned())).unwrap());
    }

    #[test]
    fn the_hash_changes_with_each_part_and_with_nothing_else() {
        let hash = |files: &[(&str, Option<&str>)]| read_with(files).unwrap().hash;
        let base = hash(&[]);
        let with =
            |extra: &str| hash(&[(DEFINITION, Some(&format!("{GOOD}{extra}\n"))), ("a.js", Some("1"))]);
        let distinct = [
            base.clone(),
            hash(&[(DEFINITION, Some("kind = \"javascript\"\nwhy = \"a test\""))]),
            hash(&[(SCRIPT, Some("return input "))]),
            hash(&[(INPUT, Some("1"))]),
            hash(&[(EXPECTED, Some("2"))]),
            with("setup = [\"a.js\"]"),
            with("setup = [\"a.js\", \"a.js\"]"),
            with("tolerance = 0.5"),
        ];
        for (at, one) in distinct.iter().enumerate() {
            assert!(!distinct[..at].contains(one), "{at}");
        }
        assert_eq!(base, with("tags = [\"x\"]\ndeadline = \"1s\""));
        assert_eq!(base, hash(&[(EXPECTED, Some("1"))]), "whitespace in the expected answer is no content");
    }
}

//! What the next job finds of the last one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::Script;

/// The script that looks.
pub(super) fn probe() -> Arc<Script> {
    Arc::new(Script::new("leftovers", include_str!("probe.js")))
}

/// Most differences that a row keeps.
const MOST: usize = 20;

/// What the probe's answer after a script has that none of the pristine ones has, and what is gone that all of
/// them have; a line each. There are several pristine ones because a first realm may differ from later ones.
pub(super) fn between(pristine: &[String], after: &str) -> Vec<String> {
    let lines = |answer: &str| serde_json::from_str::<BTreeSet<String>>(answer).ok();
    let before: Option<Vec<_>> = pristine.iter().map(|answer| lines(answer)).collect();
    let (Some(before), Some(now)) = (before, lines(after)) else {
        return vec![format!("the probe answered {after:.100}")];
    };
    let appeared = now.iter().filter(|line| !before.iter().any(|lines| lines.contains(*line)));
    let lasting = before.first().into_iter().flatten();
    let lasting = lasting.filter(|line| before.iter().all(|lines| lines.contains(*line)));
    let gone = lasting.filter(|line| !now.contains(*line)).map(|line| format!("no longer: {line}"));
    let appeared = appeared.cloned();
    let mut all: Vec<String> = appeared.chain(gone).collect();
    if all.len() > MOST {
        let more = all.len() - MOST;
        all.truncate(MOST);
        all.push(format!("and {more} more"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Deadline, Limits, registry};

    #[test]
    fn the_probe_finds_what_is_left_and_nothing_else() {
        for engine in registry::built() {
            let info = engine.info();
            let stack = info.stack_bytes();
            let id = info.id;
            let work = move || {
                let deadline = || Deadline::after(std::time::Duration::from_secs(30));
                let mut isolate = engine.create(&Limits::default()).unwrap();
                let mut run = |body: &str| {
                    let id = isolate.load(&Script::new("t", body), &deadline())?;
                    isolate.call(id, "null", &deadline())
                };
                let pristine = run(include_str!("probe.js")).unwrap();
                let again = run(include_str!("probe.js")).unwrap();
                assert_eq!(
                    between(std::slice::from_ref(&pristine), &again),
                    Vec::<String>::new(),
                    "it leaves nothing itself"
                );
                run("globalThis.loot = 1; Object.prototype.isAdmin = true; [].map = 0; \
                     Array.prototype.push = function () { return 0; }; JSON.own = 2; 'abc'.match(/(b)/); return 1")
                .unwrap();
                between(&[pristine], &run(include_str!("probe.js")).unwrap())
            };
            let found = std::thread::Builder::new().stack_size(stack).spawn(work).unwrap().join().unwrap();
            for expected in [
                "the global object has loot",
                "Object.prototype has isAdmin",
                "an inherited name is changed",
                "Array.prototype.push is not the engine's own",
                "JSON has own",
            ] {
                assert!(found.iter().any(|line| line == expected), "{id}: {expected}: {found:?}");
            }
        }
    }

    #[test]
    fn only_differences_are_told_and_not_too_many() {
        let pristine =
            |answers: &[&str]| answers.iter().map(|answer| (*answer).to_owned()).collect::<Vec<_>>();
        assert_eq!(between(&pristine(&[r#"["a","b"]"#]), r#"["b","c"]"#), ["c", "no longer: a"]);
        let either = pristine(&[r#"["a","b"]"#, r#"["b"]"#]);
        assert_eq!(between(&either, r#"["a","b"]"#), Vec::<String>::new());
        assert_eq!(between(&either, r#"["a"]"#), ["no longer: b"]);
        let many = serde_json::to_string(&(0..30).map(|n| n.to_string()).collect::<Vec<_>>()).unwrap();
        let told = between(&pristine(&["[]"]), &many);
        assert_eq!((told.len(), told.last().map(String::as_str)), (21, Some("and 10 more")));
        assert_eq!(between(&pristine(&["[]"]), "7"), ["the probe answered 7"]);
    }
}

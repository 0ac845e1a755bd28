//! Choosing from the hostile corpus.

use super::WorkloadError;
use super::hostile::Hostile;
use super::near::nearest;
use super::select::chooser;

/// The scripts that any of `wanted` stands for: a name (`loop/plain`), a class (`loop`) or a glob over names
/// (`loop/*`); all of them if nothing is wanted.
///
/// # Errors
/// [`WorkloadError::NoScript`] for what chooses nothing, [`WorkloadError::Glob`] for what is no glob.
pub fn choose(all: Vec<Hostile>, wanted: &[String]) -> Result<Vec<Hostile>, WorkloadError> {
    if wanted.is_empty() {
        return Ok(all);
    }
    let mut is_chosen = vec![false; all.len()];
    for piece in wanted {
        let chooses = chooser(piece)?;
        let mut any = false;
        for (chosen, script) in is_chosen.iter_mut().zip(&all) {
            let this = chooses(&script.name);
            *chosen |= this;
            any |= this;
        }
        if !any {
            let near = nearest(piece, all.iter().map(|script| script.name.as_str())).map(str::to_owned);
            return Err(WorkloadError::NoScript { wanted: piece.clone(), near });
        }
    }
    Ok(all.into_iter().zip(is_chosen).filter_map(|(script, chosen)| chosen.then_some(script)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::Script;

    fn check(wanted: &[&str], expected: Result<&[&str], &str>) {
        let of = |name: &str| Hostile {
            name: name.to_owned(),
            class: None,
            why: None,
            script: Arc::new(Script::new(name, "loop")),
            expected: None,
        };
        let all = ["loop/plain", "loop/promise", "memory/array", "stack/json"].map(of).to_vec();
        let wanted: Vec<String> = wanted.iter().map(|piece| (*piece).to_owned()).collect();
        let names =
            choose(all, &wanted).map(|chosen| chosen.into_iter().map(|it| it.name).collect::<Vec<_>>());
        match (names, expected) {
            (Ok(names), Ok(expected)) => assert_eq!(names, expected, "{wanted:?}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (got, expected) => panic!("{wanted:?}: {got:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn names_classes_and_globs_choose_and_each_script_once() {
        check(&[], Ok(&["loop/plain", "loop/promise", "memory/array", "stack/json"]));
        check(&["stack/json", "loop"], Ok(&["loop/plain", "loop/promise", "stack/json"]));
        check(&["*/p*", "loop/plain"], Ok(&["loop/plain", "loop/promise"]));
        check(
            &["loop", "loop/plane"],
            Err("no hostile script matches `loop/plane`; did you mean `loop/plain`?"),
        );
        check(&["["], Err("is not a glob"));
    }
}

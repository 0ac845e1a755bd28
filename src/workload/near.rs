//! What somebody who wrote a wrong name most likely meant.

/// The candidate that someone who wrote `word` most likely meant, if any is close at all: one slip of the
/// keyboard away, or alike from the start on.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| {
            let one_slip = strsim::osa_distance(word, candidate) <= 1;
            ((one_slip, strsim::jaro_winkler(word, candidate)), candidate)
        })
        .filter(|((one_slip, likeness), _)| *one_slip || *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or all that would have been right.
pub(crate) fn one_of(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => did_you_mean(Some(near)),
        None => format!("; known are {}", known.join(", ")),
    }
}

/// `; did you mean …?`, or nothing.
pub(crate) fn did_you_mean(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_beginnings_are_understood_and_nothing_else() {
        let known = ["rustyscript", "deno_core", "boa", "quickjs", "fake", "all"];
        let check = |word: &str, meant: Option<&str>| assert_eq!(nearest(word, known), meant, "{word}");
        check("bao", Some("boa"));
        check("rusty", Some("rustyscript"));
        check("deno-core", Some("deno_core"));
        check("quikjs", Some("quickjs"));
        check("qiuckjs", Some("quickjs"));
        check("spidermonkey", None);
        check("js", None);
        check("", None);
    }
}

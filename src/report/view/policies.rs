//! Policies in the names of settings and steps.

use crate::executor::PolicyChoice;

/// What is behind a name: ` +retry +breaker`. Numbers stand in it only where one of `others` has the same policies
/// with different ones.
pub(super) fn suffix(of: PolicyChoice, others: &[PolicyChoice]) -> String {
    let parts = |one: PolicyChoice| {
        [("retry", one.retries), ("breaker", one.breaker), ("limit", one.in_flight)]
            .map(|(name, number)| number.map(|number| (name, number)))
    };
    let names = |one: PolicyChoice| parts(one).map(|part| part.map(|(name, _)| name));
    let numbered = others.iter().any(|other| *other != of && names(*other) == names(of));
    let text = |(name, number): (&str, u32)| {
        if numbered { format!(" +{name} {number}") } else { format!(" +{name}") }
    };
    parts(of).into_iter().flatten().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(retries: Option<u32>, breaker: Option<u32>) -> PolicyChoice {
        PolicyChoice { retries, breaker, in_flight: None }
    }

    #[test]
    fn numbers_stand_only_where_they_tell_two_apart() {
        let (two, three) = (choice(Some(2), None), choice(Some(3), None));
        let both = choice(Some(2), Some(10));
        let all = [PolicyChoice::default(), two, both];
        assert_eq!(all.map(|one| suffix(one, &all)), ["", " +retry", " +retry +breaker"]);
        assert_eq!([two, three].map(|one| suffix(one, &[two, three, both])), [" +retry 2", " +retry 3"]);
        assert_eq!(suffix(PolicyChoice { in_flight: Some(4), ..both }, &all), " +retry +breaker +limit");
    }
}

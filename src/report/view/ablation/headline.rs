//! What a ladder comes to, in one sentence.

use crate::executor::Isolation;
use crate::record::Step;
use crate::report::Quantity;
use crate::report::view::text::list;

use super::Rung;

const SHARE: &str = "share of good jobs answered rightly";

/// What the strongest isolation is worth over the next weaker one, what the policies add to it, and what it costs.
/// Differences up to `floor`, which the same step had from itself, are none.
pub(super) fn headline(engine: &str, rungs: &[Rung], floor: Option<f64>) -> String {
    let is_none = |gained: f64| gained.abs() <= floor.unwrap_or_default();
    let measured = |rung: &&Rung| rung.step == Step::Bare && rung.share().is_some();
    let bare: Vec<&Rung> = rungs.iter().filter(measured).collect();
    let mut text = match bare.as_slice() {
        [] => return format!("On {engine}, no step without policies gave figures."),
        [only] => format!(
            "On {engine}, {} {} {} of the good jobs rightly",
            noun(only),
            if only.isolation == Isolation::Task { "answers" } else { "answer" },
            answered(only)
        ),
        [first @ .., below, last] => {
            let naive =
                first.first().map_or(String::new(), |naive| format!(" ({} the naive way)", answered(naive)));
            let (from, to) = (format!("{} {}{naive}", answered(below), under(below)), answered(last));
            let gained = last.share().zip(below.share()).map_or(0.0, |(last, below)| last - below);
            let change = match gained {
                nothing if is_none(nothing) => format!("leave the {SHARE} as it is: {to}, and {from}"),
                less if less < 0.0 => format!("lower the {SHARE} from {from} to {to}"),
                _ => format!("raise the {SHARE} from {from} to {to}"),
            };
            format!("On {engine}, {} {change}", noun(last))
        }
    };
    let Some(last) = bare.last() else { return text };
    let policies: Vec<(&str, f64)> = rungs
        .iter()
        .filter(|rung| rung.isolation == last.isolation)
        .filter_map(|rung| Some((added(rung.step)?, rung.gained?)))
        .collect();
    if policies.iter().any(|(_, gained)| !is_none(*gained)) {
        let told = |(name, gained): &(&str, f64)| match gained {
            nothing if is_none(*nothing) => format!("{name} nothing"),
            gained => format!("{name} {} points", Quantity::Points(*gained)),
        };
        text.push_str(&format!("; on top of that, {}", list(&policies.iter().map(told).collect::<Vec<_>>())));
    } else if !policies.is_empty() {
        text.push_str("; on top of that, policies change nothing");
    }
    if let [.., below, last] = bare.as_slice() {
        let change = |name: &str, figure: fn(&Rung) -> Option<f64>, quantity: fn(f64) -> Quantity| {
            let (from, to) = (figure(below)?, figure(last)?);
            Some(format!("{name} {} → {}", quantity(from), quantity(to)))
        };
        let costs = [
            change("p50", |rung| rung.p50, Quantity::Latency),
            change("p99", |rung| rung.p99, Quantity::Latency),
            change("processor time for 1,000 good jobs", |rung| rung.cpu_per_thousand, Quantity::Seconds),
        ];
        let costs: Vec<String> = costs.into_iter().flatten().collect();
        if !costs.is_empty() {
            text.push_str(&format!("; cost: {}", list(&costs)));
        }
    }
    text + "."
}

fn answered(rung: &Rung) -> String {
    rung.share().map_or_else(|| "–".to_owned(), |share| Quantity::Availability(share).to_string())
}

fn noun(rung: &Rung) -> &'static str {
    match rung.isolation {
        Isolation::Task => "the naive way",
        Isolation::Thread => "threads",
        Isolation::Process => "processes",
        Isolation::Remote => "servers",
    }
}

fn under(rung: &Rung) -> &'static str {
    match rung.isolation {
        Isolation::Task => "the naive way",
        Isolation::Thread => "in threads",
        Isolation::Process => "in processes",
        Isolation::Remote => "on servers",
    }
}

fn added(step: Step) -> Option<&'static str> {
    match step {
        Step::Bare => None,
        Step::Retry => Some("retry is worth"),
        Step::Breaker => Some("the breaker"),
        Step::Both => Some("both"),
    }
}

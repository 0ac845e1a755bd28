//! The columns of the conditions under which a round was measured.

use crate::stats::{Machine, SteadyState, Summary};

pub(super) fn put(summary: Option<&Summary>, put: &mut impl FnMut(&str, String)) {
    let state = summary.and_then(|summary| summary.steady.as_ref()?.judge());
    let word = state.map_or("", |state| match state {
        SteadyState::Reached { .. } => "reached",
        SteadyState::Late { .. } => "late",
        SteadyState::Never => "never",
    });
    put("steady", word.to_owned());
    let mut figure =
        |name: &str, value: Option<f64>| put(name, value.map(|value| value.to_string()).unwrap_or_default());
    figure("steady_from_s", state.and_then(SteadyState::from_s));
    let machine = summary.and_then(|summary| summary.machine);
    let of = |figure: fn(Machine) -> Option<f64>| machine.and_then(figure);
    figure("others_cpu", of(|machine| machine.others_cpu));
    figure("steal", of(|machine| machine.steal));
    figure(
        "yardstick_us",
        of(|machine| Some(f64::midpoint(machine.yardstick_us[0], machine.yardstick_us[1]))),
    );
}

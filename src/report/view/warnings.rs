//! What a reader should know before trusting the figures. Warnings are values; pages only print them.

mod conditions;

use super::text::{plural, some_of};
use super::{Cell, Engine, Figures, Report, Row, Setting};
use crate::report::Quantity;

/// How many places a sentence names before it says how many more there are.
pub(super) const NAMED: usize = 4;
/// Above this share of the processor time the generator takes part in what it measures.
const GENERATOR_SHARE: f64 = 0.10;
/// Above this share of the time a generator that is one thread can do no more.
const GENERATOR_BUSY: f64 = 0.90;
/// Above this a difference of a tenth means nothing.
pub(super) const HIGH_FLOOR: f64 = 0.10;
/// Below this share of the offered rate an engine did not keep up.
const KEPT_UP: f64 = 0.95;

/// Something that limits what the figures are worth, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// What is the matter.
    pub text: String,
    /// What to do, or how to read the figures nevertheless.
    pub advice: String,
}

impl Warning {
    fn new(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { text: text.into(), advice: advice.into() }
    }
}

/// All warnings of a report, gravest first.
pub(super) fn warnings(report: &Report<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    build(report, &mut warnings);
    shards(report, &mut warnings);
    containment(report, &mut warnings);
    cells(report, &mut warnings);
    mix(report, &mut warnings);
    noise(report, &mut warnings);
    conditions::warn(report, &mut warnings);
    // What makes figures uncertain makes no verdict so.
    if report.scorecard.is_none() || !report.settings.is_empty() {
        host(report, &mut warnings);
    }
    load(report, &mut warnings);
    warnings
}

fn build(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let profile = super::clean(&report.record().build.profile);
    if profile != "release" {
        warnings.push(Warning::new(
            format!("The program was built with profile “{profile}”, not “release”."),
            "No figure here says anything about production; build with “--release” and measure again.",
        ));
    }
}

fn shards(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let Some(shards) = &report.record().shards else { return };
    let missing: Vec<String> = shards.missing().map(|index| format!("{index}/{}", shards.of)).collect();
    if !missing.is_empty() {
        warnings.push(Warning::new(
            format!(
                "Only {} of {} shards are here; not {}.",
                shards.held.len(),
                shards.of,
                some_of(&missing, NAMED)
            ),
            "What fell to the others is in no table and no ranking; run them with “--shard” and merge all with “jsarena report”.",
        ));
    }
}

fn containment(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let Some(scorecard) = &report.scorecard else { return };
    let name = |engine: usize, group: &str| format!("{} under {group}", report.engines[engine].name);
    // The verdict tells of an engine that is not there.
    let not_run =
        || scorecard.not_run.iter().filter(|not_run| report.engines[not_run.engine].missing.is_none());
    let rows: u64 = not_run().map(|not_run| not_run.rows).sum();
    let mut places: Vec<String> = not_run()
        .flat_map(|not_run| not_run.groups.iter().map(|group| name(not_run.engine, group)))
        .collect();
    places.dedup();
    if rows > 0 {
        warnings.push(Warning::new(
            format!("{} could not be run: {}.", plural(rows, "containment row"), some_of(&places, NAMED)),
            "They count in no figure; the reasons are listed under “Not run”.",
        ));
    }
    let partial: Vec<String> = scorecard
        .partial()
        .map(|(group, column, count)| {
            format!("{} ({})", name(column.engine, &group.name), Quantity::Count(count))
        })
        .collect();
    if !partial.is_empty() {
        warnings.push(Warning::new(
            format!(
                "Not all of {} were run everywhere: {}.",
                plural(scorecard.scripts, "hostile script"),
                some_of(&partial, NAMED)
            ),
            "Compare engines only over scripts that all of them ran.",
        ));
    }
    if scorecard.undeclared > 0 {
        warnings.push(Warning::new(
            format!("No outcome is declared for {}.", plural(scorecard.undeclared, "hostile script")),
            "Any outcome counts as right for them, as long as host, pool and neighbours are well.",
        ));
    }
}

fn cells(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let failed: Vec<String> = ranked(report)
        .filter(|(.., cell)| cell.failed_rounds() > 0)
        .map(|(setting, row, engine, _)| Report::place(setting, row, engine))
        .collect();
    if !failed.is_empty() {
        warnings.push(Warning::new(
            format!("Rounds failed in {}: {}.", plural(failed.len() as u64, "cell"), some_of(&failed, NAMED)),
            "See the failures section for the reasons; these cells take no part in the ranking.",
        ));
    }
    let wrong = ranked_places(report, |figures| figures.wrong_answers > 0);
    if !wrong.is_empty() {
        warnings.push(Warning::new(
            format!("Wrong answers in {}: {}.", plural(wrong.len() as u64, "cell"), some_of(&wrong, NAMED)),
            "A wrong answer is an error however fast it came; run “jsarena verify” on these before anything else.",
        ));
    }
    let stopped = places(report, |figures| figures.stopped_early > 0);
    if !stopped.is_empty() {
        warnings.push(Warning::new(
            format!(
                "Stopped early in {}: {}.",
                plural(stopped.len() as u64, "cell"),
                some_of(&stopped, NAMED)
            ),
            "These runs are whole but shorter than planned; hold them against nothing that ran its full time.",
        ));
    }
    let errors = ranked_places(report, |figures| figures.outcomes.failed() > 0);
    if !errors.is_empty() {
        warnings.push(Warning::new(
            format!("Jobs failed in {}: {}.", plural(errors.len() as u64, "cell"), some_of(&errors, NAMED)),
            "Throughput counts correct answers only; the latencies are of all jobs that ran, failed ones too.",
        ));
    }
}

/// A few draws do not meet every script: what is known to be fatal may not have been among them.
fn mix(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let steps = report.cells().filter(|(setting, ..)| setting.step.is_some());
    let mixed = steps.filter_map(|(.., cell)| cell.figures().and_then(|figures| figures.hostile));
    // Every step met the same.
    let Some(hostile) = mixed.max_by_key(|hostile| hostile.submitted) else { return };
    if hostile.submitted < hostile.scripts {
        warnings.push(Warning::new(
            format!(
                "The ablation met {}, drawn from {}.",
                plural(hostile.submitted, "hostile job"),
                plural(hostile.scripts, "script")
            ),
            "Most scripts did not come up; run for longer, in more rounds, or with a larger share of “--hostile”.",
        ));
    }
}

fn noise(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let measured = report.cells().filter_map(|(.., cell)| cell.figures());
    let Some(rounds) = measured.map(|figures| figures.rounds + figures.failed_rounds()).max() else { return };
    match report.floor() {
        None => warnings.push(Warning::new(
            "No A/A floor was measured.",
            "Nothing tells a real difference from noise here; distrust small ones.",
        )),
        Some(floor) => {
            let worst = floor.throughput.max(floor.p50).max(floor.p99);
            if worst > HIGH_FLOOR {
                warnings.push(Warning::new(
                    format!(
                        "The same engine measured twice differed by up to {} (throughput {}, p50 {}, p99 {}).",
                        Quantity::Share(worst),
                        Quantity::Share(floor.throughput),
                        Quantity::Share(floor.p50),
                        Quantity::Share(floor.p99)
                    ),
                    "Smaller differences are noise; measure longer, or on a quieter machine.",
                ));
            }
        }
    }
    match rounds {
        1 => warnings.push(Warning::new(
            "Every cell was measured in a single round.",
            "One run cannot show how far the next one would differ; use “--rounds 6”.",
        )),
        2 if report.ranked().next().is_some() => warnings.push(Warning::new(
            "Every cell was measured in two rounds.",
            "Differences take three rounds to judge, and six to judge well, so nothing is compared; use “--rounds 6”.",
        )),
        _ => {}
    }
    let [different, none, open] = report.comparisons().counts();
    if open > different + none {
        warnings.push(Warning::new(
            format!(
                "Most comparisons came to nothing: {} of {} had not enough data.",
                Quantity::Count(open),
                Quantity::Count(different + none + open)
            ),
            "What they leave open is neither a difference nor none; use more rounds or a longer “--duration”, on a quieter machine.",
        ));
    }
    let few = report.cells().filter_map(|(.., cell)| cell.figures()).collect::<Vec<_>>();
    let short_of = |enough: fn(&Figures) -> bool| few.iter().filter(|figures| !enough(figures)).count();
    let p99 = short_of(|figures| figures.response.p99().is_some());
    let p999 = short_of(|figures| figures.response.p999().is_some());
    if p999 > 0 {
        let p99_too = match p99 {
            0 => String::new(),
            count => format!(", and too few for p99 (1,000) in {count}"),
        };
        warnings.push(Warning::new(
            format!("Too few samples for p99.9 (10,000) in {p999} of {} cells{p99_too}.", few.len()),
            "Those percentiles are shown as “–”; measure longer to get them.",
        ));
    }
}

fn host(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let host = &report.record().host;
    if let Some(governor) = host.governor.as_deref().filter(|governor| *governor != "performance") {
        warnings.push(Warning::new(
            format!("The processor's frequency governor is “{}”.", super::clean(governor)),
            "Clock rates changed with the load; set the governor to “performance”.",
        ));
    }
    if host.virtualised == Some(true) {
        warnings.push(Warning::new(
            "The host is a virtual machine.",
            "Its neighbours are noise, above all in p99 and beyond; compare engines, not absolute figures.",
        ));
    }
    let busy =
        places(report, |figures| figures.generator_share().is_some_and(|share| share > GENERATOR_SHARE));
    if !busy.is_empty() {
        warnings.push(Warning::new(
            format!(
                "The load generator took more than 10 % of the processor time in {}: {}.",
                plural(busy.len() as u64, "cell"),
                some_of(&busy, NAMED)
            ),
            "It competed with the workers, so short jobs look slower than they are; compare ratios, not absolute figures.",
        ));
    }
}

fn load(report: &Report<'_>, warnings: &mut Vec<Warning>) {
    let exhausted =
        places(report, |figures| figures.generator_busy.is_some_and(|busy| busy > GENERATOR_BUSY));
    if !exhausted.is_empty() {
        warnings.push(Warning::new(
            format!(
                "The load generator, which is one thread, was busy for more than {} of the time in {}: {}.",
                Quantity::Share(GENERATOR_BUSY),
                plural(exhausted.len() as u64, "cell"),
                some_of(&exhausted, NAMED)
            ),
            "These figures are the generator's limit, not the server's; use a lower “--rate”, or more work in each job.",
        ));
    }
    let behind = ranked_places(report, |figures| {
        figures.offered.is_some_and(|offered| offered > 0.0 && figures.throughput.value < KEPT_UP * offered)
    });
    if !behind.is_empty() {
        warnings.push(Warning::new(
            format!(
                "The offered rate was not kept up with in {}: {}.",
                plural(behind.len() as u64, "cell"),
                some_of(&behind, NAMED)
            ),
            "Response times there grow with the length of the run and say nothing else; lower the rate.",
        ));
    }
    if report.cells().any(|(_, row, _, cell)| !row.is_open() && cell.figures().is_some()) {
        warnings.push(Warning::new(
            "A closed loop hides queueing: a client that waits for a slow answer submits nothing meanwhile.",
            "Read throughput and service time from it; for the response times users would see, use “--rate”.",
        ));
    }
}

type Place<'a> = (&'a Setting, &'a Row, &'a Engine, &'a Cell);

/// All cells but the steps of an ablation: what fails in those is what they are about, and told with them.
fn ranked<'a>(report: &'a Report<'_>) -> impl Iterator<Item = Place<'a>> {
    report.cells().filter(|(setting, ..)| setting.step.is_none())
}

fn places(report: &Report<'_>, which: fn(&Figures) -> bool) -> Vec<String> {
    named(report.cells(), which)
}

fn ranked_places(report: &Report<'_>, which: fn(&Figures) -> bool) -> Vec<String> {
    named(ranked(report), which)
}

fn named<'a>(cells: impl Iterator<Item = Place<'a>>, which: fn(&Figures) -> bool) -> Vec<String> {
    cells
        .filter(|(.., cell)| cell.figures().is_some_and(which))
        .map(|(setting, row, engine, _)| Report::place(setting, row, engine))
        .collect()
}

//! How the figures came about: notes on method, and the facts of host, build and engines.

use serde::Serialize;

use crate::record::RunRecord;
use crate::report::Quantity;
use crate::report::view::{Report, clean, plural};

use super::table::{Entry, Table};

/// A term and what is meant by it.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Note {
    pub term: &'static str,
    pub text: String,
}

/// What a reader needs to judge the figures that are there.
pub(super) fn notes(report: &Report<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    if report.scorecard.is_some() {
        notes.extend(containment());
    }
    if !report.settings.is_empty() || report.scorecard.is_none() {
        notes.extend(load(report));
    }
    notes
}

/// How to read the scorecard.
fn containment() -> [Note; 5] {
    let fixed: [(&'static str, &str); 5] = [
        (
            "Verdicts",
            "Contained: the host survived, the outcome is one that the script declares as right (any, where it \
             declares none), the pool answered good jobs again in time, every innocent job got its right answer, and \
             nothing leaked or was left over. Degraded: the host survived and nobody else suffered, but one of the \
             others failed. Neighbours hurt: innocent jobs were lost, were answered wrongly or found what the script had \
             left. Host killed: the process died, and everything in it. A row has the worst that applies.",
        ),
        (
            "Overrun",
            "How long the script really ran past its inner deadline, also after it had been given up. Where it still \
             ran when the row ended, its end is unknown, and it is counted as such.",
        ),
        (
            "Recovery",
            "From the script's outcome until the pool had answered the next good job. Its p99 is the time that 99 of 100 \
             surviving pools kept; with fewer than 100 of them the maximum says all. A pool that never answered counts \
             as longer than any that did.",
        ),
        (
            "Innocent jobs",
            "Small jobs with known answers, submitted beside the script and after it, and before it in quiet. Their \
             histograms are added up over all scripts of an engine and isolation whose host survived; the ratio is that \
             of the two p99, shown from 1,000 samples each.",
        ),
        (
            "Peak RSS",
            "The most resident memory of the host and its child processes together, over all scripts.",
        ),
    ];
    fixed.map(|(term, text)| Note { term, text: text.to_owned() })
}

/// How to read the figures of the load driver.
fn load(report: &Report<'_>) -> Vec<Note> {
    let floor = match report.floor() {
        Some(floor) => format!(
            "{} of one and the same cell, {} on {} under {} isolation. They differed by {} of the throughput, {} of p50 \
             and {} of p99 over all rounds together, or of fewer than three in one of them. Nothing smaller counts as a \
             difference here.",
            plural(floor.pairs.into(), "pair"),
            clean(&floor.engine),
            clean(&floor.workload),
            floor.isolation,
            Quantity::Share(floor.throughput),
            Quantity::Share(floor.p50),
            Quantity::Share(floor.p99)
        ),
        None => "Not measured in this record, so no difference is marked as noise.".to_owned(),
    };
    let fixed: [(&'static str, &str); 8] = [
        (
            "Response and service time",
            "Service time runs from the start of a job to its end. Response time runs from the instant the plan had \
             set for the job, so it also holds the wait for a free worker. Users feel the second.",
        ),
        (
            "Closed and open loop",
            "In a closed loop each client submits its next job once it has the last answer: fit for throughput, \
             but a slow answer delays the jobs behind it, and their wait is seen by no clock. In an open loop jobs are \
             due at instants that no answer can move, so every stall shows in the response times.",
        ),
        (
            "Right answers only",
            "Every answer is compared with the expected one, off the clock. A wrong one is an error: it counts for no \
             throughput, and its cell can neither win nor be ranked.",
        ),
        (
            "Ranking",
            "For each workload an engine's figure is divided by that of the best engine; the rank is by the geometric \
             mean of these ratios, over the workloads that all ranked engines completed without an error in any round.",
        ),
        (
            "Rounds",
            "Each round of each cell ran in a process of its own, in a random order drawn from the seed. The rounds' \
             histograms are added up, so percentiles are of all jobs together; ranges are the lowest and highest single round.",
        ),
        (
            "Percentiles",
            "From HDR histograms of three significant figures. A percentile is shown only with at least ten samples \
             beyond it: 1,000 for p99, 10,000 for p99.9.",
        ),
        (
            "Load driver and Criterion",
            "All figures here are from the load driver, which sees many jobs at once. The Criterion benchmarks of this \
             project time single calls and our own overhead; the two answer different questions and do not add up.",
        ),
        (
            "Biases",
            "Warm workers favour engines that compile to machine code; reuse “fresh” favours those that start fast. \
             The workloads are short scripts with JSON in and out, as servers run them; converting the values is part \
             of the time. Memory is that of the whole process, the harness included.",
        ),
    ];
    let mut notes: Vec<Note> =
        fixed.into_iter().map(|(term, text)| Note { term, text: text.to_owned() }).collect();
    notes.insert(3, Note { term: "A/A floor", text: floor });
    if !report.comparisons().is_empty() {
        notes.insert(4, Note { term: "Differences", text: DIFFERENCES.to_owned() });
    }
    notes.extend(sometimes(report));
    notes
}

/// How verdicts come about.
const DIFFERENCES: &str = "Rounds of the same number were measured side by side, so two engines are compared round by \
     round, by the logarithm of the ratio of their figures and with Student's t: of all rounds together, with the error of a \
     bootstrap over whole rounds (1,000 draws) or that of the rounds one by one, whichever is larger. A machine that stands still \
     for a moment makes the 99th percentile of that round and of nobody's engine; so percentiles are estimated from typical \
     rounds too, without the fifth where the ratio is highest and the fifth where it is lowest (Yuen 1974), and of both \
     estimates the one with the narrower interval counts, at 97.5 % in the place of 95 %. The p-values of all comparisons \
     of the record are corrected together (Benjamini and Hochberg, 5 %); intervals are each comparison's own. “No difference” \
     means that the whole interval lies within the minimal effect; where it does not and nothing is significant, there was not \
     enough data. Engines with an error in any round are not compared.";

/// Notes on what only some runs have.
fn sometimes(report: &Report<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let figures = || report.cells().filter_map(|(.., cell)| cell.figures());
    if figures().any(|figures| figures.hostile.is_some()) {
        notes.push(Note {
            term: "Hostile jobs",
            text: "Jobs that loop, eat memory, overflow stacks or reach for the host, drawn from the seed among the \
                   good ones. They load the pool and count for nothing else: latencies, throughput and errors are \
                   those of the good jobs."
                .to_owned(),
        });
    }
    if report.settings.iter().any(|setting| !setting.isolation.is_here()) {
        notes.push(Note {
            term: "Servers",
            text: "A server behind a URL was sent each job as an HTTP/1.1 request over connections that are kept, by one \
                   thread. Response times are from the due time to the last byte of the answer. Service times are what the \
                   server itself said (“service_us”), and where it said nothing, from sending to the last byte. Its memory \
                   and processor time are not known here; on the same machine, what it took the generator lacked."
                .to_owned(),
        });
    }
    if figures().any(|figures| figures.conditions.are_known()) {
        notes.push(Note {
            term: "Steady state",
            text: "Judged by the mean service times of a hundred equal intervals, warm-up included, of each the median over \
                   the rounds: steady from the earliest cut that leaves nearly the least standard error of the mean \
                   (MSER, White 1997), and never where that lies in the second half. Up to a tenth of the time on the \
                   clock may belong to the start."
                .to_owned(),
        });
    }
    if !report.soaks().is_empty() {
        notes.push(Note {
            term: "Soak",
            text: "Slopes are medians of the slopes between all pairs of samples (Theil–Sen), with a 95 % interval \
                   from Kendall's statistic, widened for samples that depend on one another (Hamed and Rao). A \
                   resource grows if that interval lies above nought and the growth in the time judged above a \
                   floor: for memory 5 % of its mean or 4 MiB, whichever is more, for counts 1. A soak fails \
                   if a resource grows, a job has no outcome, a good job fails otherwise than by being turned away, \
                   or workers are missing at the end."
                .to_owned(),
        });
    }
    if !(report.started.is_empty() && report.taken.is_empty()) {
        notes.push(Note {
            term: "Cold start and memory",
            text: "Measured apart from the load, each in a fresh process that does nothing else; no figure of theirs is \
                   the load driver's. Starts follow each other in an order drawn from the seed, in each repetition \
                   anew. A first result is marked as the best only if its longest is shorter than the shortest of all \
                   others. What an engine was given to start sooner was made beforehand, in another process, without \
                   running any of the script."
                .to_owned(),
        });
    }
    if !report.ablations.is_empty() {
        let floor = report.ablation_floor.map_or(String::new(), |floor| {
            format!(
                " The same step measured twice differed by {} points; gains up to that are marked ≈.",
                Quantity::Points(floor).to_string().trim_start_matches('+')
            )
        });
        notes.push(Note {
            term: "Ablation",
            text: format!(
                "A policy is held against its isolation without policies, an isolation against the next weaker one. \
                 Which hostile scripts come, and when, is drawn from the seed, in each round anew and for all steps \
                 alike. \
                 A host that a hostile script killed stays dead to the end of its run: the good jobs planned after \
                 that count as unanswered, and those that ended in its last moments may. Its response times are those \
                 until then. Processor time is that of everything but the load generator, hostile jobs included, \
                 by the good jobs answered rightly. A host that holds more than 2 GiB is killed, as a container's \
                 limit would.{floor}"
            ),
        });
    }
    let policies = policies(report.record());
    if !policies.is_empty() {
        notes.push(Note {
            term: "Policies",
            text: format!("In front of the executor: {}.", policies.join("; or ")),
        });
    }
    notes
}

/// Each choice of policies in the record, in words.
fn policies(record: &RunRecord) -> Vec<String> {
    let mut texts = Vec::new();
    for chosen in record.measurements.iter().filter_map(|row| row.policies.as_ref()) {
        let parts = [
            chosen.retries.map(|more| {
                format!("up to {} after a passing fault", plural(more.into(), "further attempt"))
            }),
            chosen
                .breaker
                .map(|most| format!("circuits that open at {} in a row", plural(most.into(), "failure"))),
            chosen.in_flight.map(|most| format!("at most {} in flight", plural(most.into(), "job"))),
        ];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.sort();
    texts
}

/// Facts of the machine.
pub(super) fn host(record: &RunRecord) -> Table {
    let host = &record.host;
    let virtualised = match host.virtualised {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    pairs(
        "Host",
        [
            ("Operating system", host.os.clone()),
            ("Kernel", host.kernel.clone()),
            ("Processor", format!("{}, {}", host.cpu, host.arch)),
            ("Logical processors", host.cores.to_string()),
            ("Memory", Quantity::Bytes(host.memory_bytes).to_string()),
            ("Frequency governor", host.governor.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("Virtualised", virtualised.to_owned()),
        ],
    )
}

/// What confined the worker processes, if there were any.
pub(super) fn sandbox(record: &RunRecord) -> Option<Table> {
    let rows = record.sandbox.as_ref()?.rows();
    Some(pairs(
        "What the kernel offers to confine worker processes with",
        rows.map(|(name, measure)| (name, measure.to_string())),
    ))
}

/// Facts of the program, and how to repeat the run.
pub(super) fn build(record: &RunRecord) -> Table {
    let build = &record.build;
    let profile = format!("{}, optimisation {}", build.profile, build.opt_level);
    pairs(
        "Build and run",
        [
            ("jsarena", build.jsarena.clone()),
            ("Compiler", build.rustc.clone()),
            ("Target", build.target.clone()),
            ("Profile", profile),
            ("Features", build.features.join(", ")),
            ("Crates", build.crates.join(", ")),
            ("Record schema", record.schema.to_string()),
            ("Created", record.created.clone()),
            ("Seed", record.seed.to_string()),
        ],
    )
}

fn pairs<const N: usize>(title: &str, facts: [(&str, String); N]) -> Table {
    let mut table = Table::new(title, &["Fact", "Value"]);
    table.columns[1].numeric = false;
    table.rows =
        facts.into_iter().map(|(name, value)| vec![Entry::text(name), Entry::text(clean(&value))]).collect();
    table
}

/// The engines, their versions and their quirks.
pub(super) fn engines(report: &Report<'_>) -> Table {
    let mut table = Table::new("Engines", &["Engine", "Version", "Binding", "JIT", "Notes"]);
    table.columns.iter_mut().for_each(|column| column.numeric = false);
    let infos = &report.record().engines;
    for (place, engine) in report.engines.iter().enumerate() {
        let head = Entry::engine(place, engine);
        let Some(info) =
            infos.iter().find(|entry| clean(&entry.id) == engine.name).and_then(|e| e.info.as_ref())
        else {
            let server = engine.url.as_ref().map(|url| format!("a server at {url}"));
            let reason = engine.missing.clone().or(server).unwrap_or_else(|| "unknown".to_owned());
            table.push_without_figures(vec![head], &reason);
            continue;
        };
        table.rows.push(vec![
            head,
            Entry::text(clean(&info.engine_version)),
            Entry::text(clean(&info.binding_version)),
            Entry::text(if info.capabilities.jit { "yes" } else { "no" }),
            Entry::text(info.notes.iter().map(|note| clean(note)).collect::<Vec<_>>().join(" ")),
        ]);
    }
    table
}

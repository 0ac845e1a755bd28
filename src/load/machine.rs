//! Watches the machine beside a load: who else took processor time, what was held back, how fast it was.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::process;
use crate::stats::Machine;

/// Fewer ticks of all processors together are too few to tell a part of them by: a second, mostly.
const FEWEST_TICKS: u64 = 100;

/// Turns of the yardstick's loop: half a millisecond on a processor of 2026.
const TURNS: u32 = 250_000;
/// Times that it is walked through. The shortest counts: whoever else wanted the processor makes the others longer.
const WALKS: u32 = 8;

/// The machine when the clock starts.
pub(super) struct Watch {
    yardstick_us: f64,
    counters: Counters,
}

impl Watch {
    /// Begins, right before the clock starts. Takes some milliseconds, most of them on the processor.
    pub fn start() -> Self {
        let yardstick_us = yardstick_us();
        Self { yardstick_us, counters: Counters::read() }
    }

    /// Ends, when the last answer is there.
    pub fn finish(self) -> Machine {
        let counters = Counters::read();
        self.counters.until(&counters, [self.yardstick_us, yardstick_us()])
    }
}

/// What the system has counted since it was started.
#[derive(Clone, Copy, Default)]
struct Counters {
    processors: Option<Ticks>,
    /// Processor time of this process and its children.
    own: Duration,
    group: Option<Throttling>,
    heat_events: Option<u64>,
}

/// Processor time of the whole machine, in the kernel's ticks.
#[derive(Clone, Copy)]
struct Ticks {
    all: u64,
    busy: u64,
    stolen: u64,
    per_second: u64,
}

/// What a control group had to wait.
#[derive(Clone, Copy)]
struct Throttling {
    periods: u64,
    micros: u64,
}

impl Counters {
    fn read() -> Self {
        Self {
            processors: system::ticks(),
            own: process::cpu_of_family(),
            group: system::group_statistics().and_then(|text| Throttling::parse(&text)),
            heat_events: system::heat_events(),
        }
    }

    fn until(&self, after: &Self, yardstick_us: [f64; 2]) -> Machine {
        let processors = self.processors.zip(after.processors).map(|(before, after)| after.since(before));
        let processors = processors.filter(|ticks| ticks.all >= FEWEST_TICKS);
        let own = after.own.saturating_sub(self.own).as_secs_f64();
        let group = self.group.zip(after.group);
        Machine {
            others_cpu: processors
                .map(|ticks| ticks.share(ticks.busy as f64 - own * ticks.per_second as f64)),
            steal: processors.map(|ticks| ticks.share(ticks.stolen as f64)),
            throttled_periods: group.map(|(before, after)| after.periods.saturating_sub(before.periods)),
            throttled_s: group.map(|(before, after)| after.micros.saturating_sub(before.micros) as f64 / 1e6),
            heat_events: self
                .heat_events
                .zip(after.heat_events)
                .map(|(before, after)| after.saturating_sub(before)),
            yardstick_us,
        }
    }
}

impl Ticks {
    fn since(self, before: Self) -> Self {
        Self {
            all: self.all.saturating_sub(before.all),
            busy: self.busy.saturating_sub(before.busy),
            stolen: self.stolen.saturating_sub(before.stolen),
            per_second: self.per_second,
        }
    }

    fn share(self, ticks: f64) -> f64 {
        (ticks / self.all as f64).clamp(0.0, 1.0)
    }
}

impl Throttling {
    /// From a group's `cpu.stat`. A group without a quota has no such lines.
    fn parse(text: &str) -> Option<Self> {
        let of = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
        };
        Some(Self { periods: of("nr_throttled")?, micros: of("throttled_usec")? })
    }
}

fn yardstick_us() -> f64 {
    let walk = |_| {
        let started = Instant::now();
        black_box(walk(black_box(TURNS)));
        started.elapsed()
    };
    (0..WALKS).map(walk).min().unwrap_or_default().as_nanos() as f64 / 1e3
}

/// Arithmetic of which each step needs the last one's result: it takes cycles, and neither memory nor luck.
fn walk(turns: u32) -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..turns {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    state
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::path::Path;

    use procfs::CurrentSI;

    use super::Ticks;
    use crate::executor::sandbox;

    pub(super) fn ticks() -> Option<Ticks> {
        let time = procfs::KernelStats::current().ok()?.total;
        let stolen = time.steal.unwrap_or(0);
        let busy = time.user + time.nice + time.system + time.irq.unwrap_or(0) + time.softirq.unwrap_or(0);
        let all = busy + time.idle + time.iowait.unwrap_or(0) + stolen;
        Some(Ticks { all, busy, stolen, per_second: procfs::ticks_per_second() })
    }

    pub(super) fn group_statistics() -> Option<String> {
        fs::read_to_string(sandbox::own_group()?.join("cpu.stat")).ok()
    }

    pub(super) fn heat_events() -> Option<u64> {
        heat_events_in(Path::new("/sys/devices/system/cpu"))
    }

    /// Over all processors; `None` when none counts them.
    pub(super) fn heat_events_in(processors: &Path) -> Option<u64> {
        let count = |processor: fs::DirEntry| {
            let file = processor.path().join("thermal_throttle/core_throttle_count");
            fs::read_to_string(file).ok()?.trim().parse::<u64>().ok()
        };
        fs::read_dir(processors).ok()?.flatten().filter_map(count).reduce(|sum, count| sum + count)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Ticks;

    pub(super) fn ticks() -> Option<Ticks> {
        None
    }

    pub(super) fn group_statistics() -> Option<String> {
        None
    }

    pub(super) fn heat_events() -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(all: u64, busy: u64, stolen: u64, own_s: f64) -> Counters {
        Counters {
            processors: Some(Ticks { all, busy, stolen, per_second: 100 }),
            own: Duration::from_secs_f64(own_s),
            ..Counters::default()
        }
    }

    #[test]
    fn others_are_who_took_what_this_family_did_not() {
        // Two processors for ten seconds: 12 s busy, 9 of them here; half a second stolen.
        let before = counters(50_000, 30_000, 100, 7.0);
        let machine = before.until(&counters(52_000, 31_200, 150, 16.0), [1.0, 2.0]);
        let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-9;
        assert!(close(machine.others_cpu, 0.15) && close(machine.steal, 0.025), "{machine:?}");
        assert_eq!(
            (machine.throttled_periods, machine.heat_events, machine.yardstick_us),
            (None, None, [1.0, 2.0])
        );
        let alone = before.until(&counters(52_000, 30_880, 100, 16.0), [1.0, 1.0]);
        assert_eq!(alone.others_cpu, Some(0.0), "ticks are coarse: no share is below nought");
    }

    #[test]
    fn a_moment_is_too_short_to_tell() {
        let before = counters(1_000, 500, 0, 0.0);
        assert!(before.until(&counters(1_100, 550, 0, 0.1), [0.0; 2]).others_cpu.is_some());
        let machine = before.until(&counters(1_099, 550, 0, 0.1), [0.0; 2]);
        assert_eq!((machine.others_cpu, machine.steal), (None, None));
    }

    #[test]
    fn throttling_is_what_the_group_s_counters_rose_by() {
        let text = |periods, micros| {
            format!(
                "usage_usec 9\nnr_periods 7\nnr_throttled {periods}\nthrottled_usec {micros}\nnr_bursts 0\n"
            )
        };
        let of = |periods, micros| Counters {
            group: Throttling::parse(&text(periods, micros)),
            heat_events: Some(periods),
            ..Counters::default()
        };
        let machine = of(3, 1_000_000).until(&of(5, 1_250_000), [0.0; 2]);
        assert_eq!((machine.throttled_periods, machine.throttled_s), (Some(2), Some(0.25)));
        assert_eq!(machine.heat_events, Some(2));
        assert!(Throttling::parse("usage_usec 9\nuser_usec 5\n").is_none(), "no quota");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn heat_is_added_up_over_the_processors_that_count_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(system::heat_events_in(folder.path()), None);
        std::fs::create_dir(folder.path().join("cpufreq")).unwrap();
        for (processor, count) in [("cpu0", "4\n"), ("cpu1", "3\n")] {
            let of = folder.path().join(processor).join("thermal_throttle");
            std::fs::create_dir_all(&of).unwrap();
            std::fs::write(of.join("core_throttle_count"), count).unwrap();
        }
        assert_eq!(system::heat_events_in(folder.path()), Some(7));
        assert_eq!(system::heat_events_in(&folder.path().join("none")), None);
    }

    #[test]
    fn the_yardstick_is_arithmetic_that_cannot_be_left_out() {
        assert_eq!((walk(0), walk(1) == walk(2)), (0x9E37_79B9_7F4A_7C15, false));
        let machine = Watch::start().finish();
        // A turn takes six steps, one after the other; no processor takes as many in a tenth of a nanosecond.
        let least = f64::from(TURNS) / 1e4;
        assert!(machine.yardstick_us.iter().all(|us| *us > least && us.is_finite()), "{machine:?}");
    }
}

//! One circuit, without a clock of its own: what a breaker holds for each thing it protects from.

use std::time::Instant;

/// Whether jobs pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Circuit {
    /// They do; so many failures in a row so far.
    Closed { failures: u32 },
    /// None does until then, and the first one after it is the probe.
    Open { until: Instant },
    /// Half-open: the probe is under way, and nothing else passes.
    Probing,
}

/// What a job's end says about what a circuit stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Well,
    Failed,
    /// Nothing: it never got so far.
    Unknown,
}

impl Circuit {
    /// As it begins.
    pub const NEW: Self = Self::Closed { failures: 0 };

    /// Whether the next job may pass.
    pub fn lets_pass(&self, now: Instant) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::Open { until } => now >= *until,
            Self::Probing => false,
        }
    }

    /// Notes that a job passes, which [`Circuit::lets_pass`] allowed, and says whether it is the probe.
    pub fn pass(&mut self) -> bool {
        let is_probe = !self.is_closed();
        if is_probe {
            *self = Self::Probing;
        }
        is_probe
    }

    /// Notes how a job ended that had passed. While the circuit is not closed only the probe's end counts: what
    /// passed before it opened is old news. When it has to open, it does so until `until`.
    pub fn ended(
        &mut self,
        verdict: Verdict,
        was_probe: bool,
        until: Instant,
        is_too_many: impl FnOnce(u32) -> bool,
    ) {
        *self = match (*self, verdict) {
            (Self::Closed { .. }, Verdict::Well) => Self::NEW,
            (Self::Closed { failures }, Verdict::Failed) => {
                let failures = failures.saturating_add(1);
                if is_too_many(failures) { Self::Open { until } } else { Self::Closed { failures } }
            }
            (Self::Probing, Verdict::Well) if was_probe => Self::NEW,
            (Self::Probing, Verdict::Failed) if was_probe => Self::Open { until },
            (same, _) => same,
        };
    }

    /// Notes that the probe ended without a verdict: the next job is the probe instead.
    pub fn probe_again(&mut self, now: Instant) {
        if *self == Self::Probing {
            *self = Self::Open { until: now };
        }
    }

    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(5);

    /// A circuit that opens at three failures, and its clock.
    struct Bench(Circuit, Instant);

    impl Bench {
        fn closed() -> Self {
            Self(Circuit::NEW, Instant::now())
        }

        fn open() -> Self {
            let mut bench = Self::closed();
            (0..3).for_each(|_| bench.end(Verdict::Failed, false));
            bench
        }

        fn end(&mut self, verdict: Verdict, was_probe: bool) {
            self.0.ended(verdict, was_probe, self.1 + COOL_DOWN, |failures| failures >= 3);
        }

        fn lets_pass(&self) -> bool {
            self.0.lets_pass(self.1)
        }
    }

    #[test]
    fn opens_at_the_last_failure_in_a_row() {
        let mut bench = Bench::closed();
        for verdict in [Verdict::Failed, Verdict::Failed, Verdict::Unknown, Verdict::Well, Verdict::Failed] {
            bench.end(verdict, false);
        }
        assert_eq!(bench.0, Circuit::Closed { failures: 1 });
        bench.end(Verdict::Failed, false);
        assert!(bench.lets_pass());
        bench.end(Verdict::Failed, false);
        assert!(!bench.lets_pass());
    }

    #[test]
    fn lets_exactly_one_probe_pass_once_it_has_cooled_down() {
        let mut bench = Bench::open();
        bench.1 += COOL_DOWN - Duration::from_nanos(1);
        assert!(!bench.lets_pass());
        bench.1 += Duration::from_nanos(1);
        assert!(bench.lets_pass() && bench.0.pass());
        bench.1 += COOL_DOWN * 100;
        assert!(!bench.lets_pass(), "the probe has not ended");
    }

    #[test]
    fn the_probe_decides_and_nothing_older_does() {
        let probing = || {
            let mut bench = Bench::open();
            bench.1 += COOL_DOWN;
            assert!(bench.0.pass());
            bench.end(Verdict::Well, false);
            bench.end(Verdict::Failed, false);
            assert_eq!(bench.0, Circuit::Probing);
            bench
        };
        let mut well = probing();
        well.end(Verdict::Well, true);
        assert_eq!(well.0, Circuit::NEW);
        let mut failed = probing();
        failed.end(Verdict::Failed, true);
        assert!(!failed.lets_pass());
        failed.1 += COOL_DOWN;
        assert!(failed.lets_pass());
        let mut unknown = probing();
        unknown.end(Verdict::Unknown, true);
        unknown.0.probe_again(unknown.1);
        assert!(unknown.lets_pass() && unknown.0.pass(), "the next one is the probe");
    }

    #[test]
    fn an_open_circuit_heeds_no_late_end() {
        let mut bench = Bench::open();
        let before = bench.0;
        bench.1 += Duration::from_secs(1);
        bench.end(Verdict::Well, false);
        bench.end(Verdict::Failed, false);
        assert_eq!(bench.0, before);
    }
}

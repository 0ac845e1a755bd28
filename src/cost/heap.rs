//! The smallest heap limit under which a workload passes.

use anyhow::Context;

use super::Subject;
use crate::record::SmallestHeap;

/// Whether so many calls on one isolate, under the subject's own limit, all answer rightly.
///
/// # Errors
/// Why they do not.
pub fn passes(subject: &Subject, calls: u32) -> anyhow::Result<()> {
    subject.on_thread(|subject| {
        let (mut isolate, script) = subject.loaded()?;
        (1..=calls).try_for_each(|call| {
            subject.answer(&mut *isolate, script).with_context(|| format!("call {call}"))
        })
    })
}

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It passed.
    Passed,
    /// It did not, and why.
    Failed(String),
}

/// A search for the smallest limit, by halving the range on a scale of ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// The smallest limit tried, bytes.
    pub least: u64,
    /// The largest, bytes.
    pub most: u64,
    /// How far apart, as a part, the limit found and the largest known to be too small may be at the end.
    pub within: f64,
    /// How often more the limit found must pass.
    pub confirmations: u32,
    /// Calls of a probe.
    pub calls: u32,
}

impl Search {
    /// From 64 KiB to 256 MiB, to 5 %, confirmed three times over twenty calls.
    pub const USUAL: Self =
        Self { least: 64 << 10, most: 256 << 20, within: 0.05, confirmations: 3, calls: 20 };

    /// Finds the smallest limit that passes, or why there is none. Where passing is a matter of luck, it is one that
    /// passed each time.
    ///
    /// # Errors
    /// Those of `probe`, which says for a limit in bytes whether the workload passes under it.
    pub fn run(
        &self,
        mut probe: impl FnMut(u64) -> anyhow::Result<Probe>,
    ) -> anyhow::Result<Result<SmallestHeap, String>> {
        let mut probes = 0;
        let mut probe = |bytes: u64| {
            probes += 1;
            probe(bytes)
        };
        let not_even =
            |why: String| format!("does not pass under {}: {why}", bytesize::ByteSize::b(self.most));
        if let Probe::Failed(why) = probe(self.most)? {
            return Ok(Err(not_even(why)));
        }
        let (mut too_small, mut bytes) = match probe(self.least)? {
            Probe::Passed => (None, self.least),
            Probe::Failed(_) => (Some(self.least), self.most),
        };
        while let Some(small) = too_small.filter(|small| bytes as f64 > *small as f64 * (1.0 + self.within)) {
            let middle = (small as f64 * bytes as f64).sqrt().round() as u64;
            match probe(middle)? {
                Probe::Passed => bytes = middle,
                Probe::Failed(_) => too_small = Some(middle),
            }
        }
        let mut confirmed = 0;
        while confirmed < self.confirmations {
            match probe(bytes)? {
                Probe::Passed => confirmed += 1,
                Probe::Failed(why) if bytes >= self.most => return Ok(Err(not_even(why))),
                Probe::Failed(_) => {
                    confirmed = 0;
                    too_small = Some(bytes);
                    bytes = ((bytes as f64 * (1.0 + self.within)) as u64).min(self.most);
                }
            }
        }
        Ok(Ok(SmallestHeap { bytes, too_small_bytes: too_small, calls: self.calls, probes }))
    }
}

#[cfg(test)]
mod tests {
    use bytesize::ByteSize;

    use super::*;
    use crate::cost::subject::tests::subject;
    use crate::engine::Limits;

    fn search(passes: impl Fn(u64) -> bool) -> Result<SmallestHeap, String> {
        let probe =
            |bytes| Ok(if passes(bytes) { Probe::Passed } else { Probe::Failed("out of memory".to_owned()) });
        Search::USUAL.run(probe).unwrap()
    }

    #[test]
    fn the_least_that_passes_is_found_wherever_it_lies() {
        for need in [70_000, 1 << 20, 3_333_333, 77 << 20, 255 << 20] {
            let found = search(|bytes| bytes >= need).unwrap();
            let small = found.too_small_bytes.unwrap();
            assert!(small < need && need <= found.bytes, "{need}: {found:?}");
            assert!(found.bytes as f64 <= small as f64 * 1.0501, "{need}: {found:?}");
            assert!(found.probes <= 15, "{found:?}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_told_as_what_they_are() {
        let all = search(|_| true).unwrap();
        assert_eq!((all.bytes, all.too_small_bytes), (64 << 10, None));
        assert_eq!(search(|_| false).unwrap_err(), "does not pass under 256.0 MiB: out of memory");
    }

    #[test]
    fn a_limit_that_passes_only_sometimes_is_not_taken() {
        // Between one and two MiB only the first try of a limit passes.
        let tried = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let found = search(|bytes| {
            let is_new = tried.borrow_mut().insert(bytes);
            bytes >= 2 << 20 || (bytes >= 1 << 20 && is_new)
        });
        let found = found.unwrap();
        assert!((2 << 20..=(2 << 20) * 106 / 100).contains(&found.bytes), "{found:?}");
        assert!(found.too_small_bytes.unwrap() < 2 << 20);
    }

    #[test]
    fn a_workload_passes_under_what_its_calls_take_together() {
        let under = |heap| {
            let limits = Limits { heap: Some(ByteSize::b(heap)), ..Limits::default() };
            passes(&Subject { limits, ..subject("allocate 64KiB; return 2") }, 5)
        };
        under(5 << 16).unwrap();
        let error = format!("{:#}", under((5 << 16) - 1).unwrap_err());
        assert!(error.starts_with("call 5: out of memory"), "{error}");
    }
}

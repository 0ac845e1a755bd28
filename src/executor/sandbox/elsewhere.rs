//! Where the kernel is not Linux: nothing is done, and the reports say so.

use std::time::Duration;

use bytesize::ByteSize;

use super::{Confinement, Measure, Report};

const NOT_HERE: &str = "not available: not Linux";

/// Does nothing here.
pub fn enter(_: &Confinement) -> Report {
    available()
}

/// Does nothing here.
pub fn lock(_: &Confinement) -> Report {
    available()
}

/// Does nothing here.
///
/// # Errors
/// Never.
pub fn allow_cpu(_: Duration) -> std::io::Result<()> {
    Ok(())
}

/// Not known here.
pub fn growth() -> Option<ByteSize> {
    None
}

/// Does nothing here.
pub fn cap_memory_of(_: u32, _: ByteSize) -> Measure {
    Measure::none(NOT_HERE)
}

/// What there is: nothing.
pub fn available() -> Report {
    Report::nothing(NOT_HERE)
}

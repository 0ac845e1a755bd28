//! Where the kernel is not Linux: nothing is done, and the reports say so.

use std::time::Duration;

use super::{Confinement, Report};

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

/// What there is: nothing.
pub fn available() -> Report {
    Report::nothing(NOT_HERE)
}

//! The sandbox from outside: real processes, real system calls.
//!
//! Each test starts this program again as the process to be confined, with the name of a case in its
//! environment; it says what it saw on standard output, and how it ends is a finding too. The program has a
//! `main` of its own, for that process must find itself with one thread.

#[cfg(target_os = "linux")]
#[path = "sandbox/confined.rs"]
mod confined;
#[cfg(target_os = "linux")]
#[path = "sandbox/outside.rs"]
mod outside;

#[cfg(target_os = "linux")]
fn main() {
    if let Ok(case) = std::env::var(outside::CASE) {
        return confined::run(&case);
    }
    let arguments = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&arguments, outside::trials()).exit();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let nothing = libtest_mimic::Trial::test("nothing_is_claimed_where_there_is_nothing", || {
        let report = jsarena::executor::sandbox::available();
        let none = |standing| standing == jsarena::executor::sandbox::Standing::None;
        report
            .rows()
            .iter()
            .all(|(_, measure)| none(measure.standing))
            .then_some(())
            .ok_or_else(|| format!("{report:?}").into())
    });
    libtest_mimic::run(&arguments, vec![nothing]).exit();
}

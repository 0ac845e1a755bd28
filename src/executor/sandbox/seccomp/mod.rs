//! seccomp: only the system calls of a running engine are left.
//!
//! Several filters lie on top of one another, and the strictest answer counts. The first answer what libraries
//! merely try with an error; the last is the allow-list, and whatever it does not know raises SIGSYS, on which
//! the process names the call and dies ([`trap`]).

mod list;
mod trap;

use std::collections::BTreeMap;
use std::fs;

use nix::libc;
use nix::sys::resource::Resource;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};
use syscalls::Sysno;

use super::{Confinement, Measure};
use SeccompCmpArgLen::{Dword, Qword};
use SeccompCmpOp::{Eq, MaskedEq, Ne};

const BY: &str = "seccomp";

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// How C libraries start threads; musl adds a flag that has long meant nothing.
const THREAD: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID) as u64;
const THREAD_MASK: u64 = !(libc::CLONE_DETACHED as u64);

/// Mappings must be private and must not grow by themselves: shared ones and stacks escape `RLIMIT_DATA`.
const MAP_MASK: u64 = (libc::MAP_TYPE | libc::MAP_GROWSDOWN) as u64;

/// Name a thread; see and name memory.
const PRCTLS: [u64; 4] = [
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_SET_VMA as u64,
    // What puts the next filter in place sets it first.
    libc::PR_SET_NO_NEW_PRIVS as u64,
];

/// No owner to be sent signals, no locks, no sizes of pipes.
const FCNTLS: [u64; 6] = [
    libc::F_GETFD as u64,
    libc::F_SETFD as u64,
    libc::F_GETFL as u64,
    libc::F_SETFL as u64,
    libc::F_DUPFD as u64,
    libc::F_DUPFD_CLOEXEC as u64,
];

/// A signed number in musl, an unsigned one in the GNU library.
#[allow(clippy::unnecessary_cast)]
const FIONBIO: u64 = libc::FIONBIO as u64;

/// Puts the filters in place, for all threads.
pub(super) fn filter(confinement: &Confinement, landlocked: bool) -> Measure {
    match install(confinement, landlocked) {
        Ok(()) => Measure::full(BY, "an allow-list, for all threads"),
        Err(why) => Measure::none(format!("{BY}: {why}")),
    }
}

fn install(confinement: &Confinement, landlocked: bool) -> Result<(), String> {
    let filters = compile(confinement, landlocked).map_err(|error| error.to_string())?;
    trap::install().map_err(|error| format!("SIGSYS: {error}"))?;
    filters.iter().try_for_each(|filter| apply_filter_all_threads(filter)).map_err(|error| error.to_string())
}

/// The filters in the order in which they are put in place: the allow-list last, since it lets no other
/// follow.
fn compile(confinement: &Confinement, landlocked: bool) -> Result<Vec<BpfProgram>, BackendError> {
    let mut filters = vec![
        refusing(libc::EPERM, refused()?)?,
        refusing(libc::ENOSYS, list::UNKNOWN.iter().map(|call| (*call, Vec::new())).collect())?,
    ];
    if !landlocked {
        filters.push(refusing(libc::EACCES, closed()?)?);
    }
    filters.push(allowing(confinement)?);
    Ok(filters)
}

/// What this kernel's seccomp can do.
pub(super) fn offered() -> Measure {
    const ACTIONS: &str = "/proc/sys/kernel/seccomp/actions_avail";
    match fs::read_to_string(ACTIONS) {
        Ok(actions) if actions.split_whitespace().any(|action| action == "trap") => {
            Measure::full(BY, "an allow-list, for all threads")
        }
        Ok(actions) => Measure::none(format!("{BY}: no trap among {}", actions.trim())),
        Err(error) => Measure::none(format!("{BY}: {ACTIONS}: {error}")),
    }
}

/// The rules of one filter. A call without rules is meant whatever its arguments.
type Rules = Vec<(Sysno, Vec<SeccompRule>)>;

/// A filter that answers these calls with an error and leaves all others to the next.
fn refusing(error: i32, rules: Rules) -> Result<BpfProgram, BackendError> {
    build(rules, SeccompAction::Allow, SeccompAction::Errno(error.unsigned_abs()))
}

/// The allow-list. What the other filters refuse must be on it, or their answers would never be given.
fn allowing(confinement: &Confinement) -> Result<BpfProgram, BackendError> {
    let free = [list::FREE.concat(), list::FILES.to_vec(), list::REFUSED.to_vec(), list::UNKNOWN.to_vec()];
    let mut rules: Rules = free.concat().into_iter().map(|call| (call, Vec::new())).collect();
    rules.extend(list::STATUS.iter().map(|(call, _)| (*call, Vec::new())));
    rules.extend(
        [Sysno::fcntl, Sysno::ioctl, Sysno::prctl, Sysno::rt_sigaction].map(|call| (call, Vec::new())),
    );

    let private = is(3, Dword, MaskedEq(MAP_MASK), libc::MAP_PRIVATE as u64)?;
    let plain = is(2, Dword, MaskedEq(libc::PROT_EXEC as u64), 0)?;
    let (map, protect) = if confinement.executable_memory {
        (all([private])?, Vec::new())
    } else {
        (all([private, plain.clone()])?, all([plain])?)
    };
    rules.extend([
        (Sysno::mmap, map),
        (Sysno::mprotect, protect.clone()),
        (Sysno::pkey_mprotect, protect),
        (Sysno::clone, all([is(0, Qword, MaskedEq(THREAD_MASK), THREAD)?])?),
        (Sysno::tgkill, all([is(0, Dword, Eq, u64::from(std::process::id()))?])?),
    ]);
    // Its own limits may be read, and the one on CPU time set.
    let own = is(0, Dword, Eq, 0)?;
    let mut limits = all([own.clone(), is(2, Qword, Eq, 0)?])?;
    limits.extend(all([own, is(1, Dword, Eq, Resource::RLIMIT_CPU as u64)?])?);
    rules.push((Sysno::prlimit64, limits));

    build(rules, SeccompAction::Trap, SeccompAction::Allow)
}

/// What is refused with EPERM.
fn refused() -> Result<Rules, BackendError> {
    let mut rules: Rules = list::REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    // Neither the last words nor the end by too much CPU time can be replaced.
    let mut fatal = all([is(0, Dword, Eq, libc::SIGSYS as u64)?])?;
    fatal.extend(all([is(0, Dword, Eq, libc::SIGXCPU as u64)?])?);
    rules.extend([
        (Sysno::rt_sigaction, fatal),
        (Sysno::prctl, none_of(0, &PRCTLS)?),
        (Sysno::fcntl, none_of(1, &FCNTLS)?),
        // Blocking or not is all that a socket is ever told; asking for a terminal is answered like this too.
        (Sysno::ioctl, none_of(1, &[FIONBIO])?),
    ]);
    Ok(rules)
}

/// What is refused with EACCES where Landlock is not there to say which files are meant.
fn closed() -> Result<Rules, BackendError> {
    let mut rules: Rules = list::FILES.iter().map(|call| (*call, Vec::new())).collect();
    for (call, flags) in list::STATUS {
        rules.push((*call, all([is(*flags, Dword, MaskedEq(libc::AT_EMPTY_PATH as u64), 0)?])?));
    }
    Ok(rules)
}

fn build(rules: Rules, otherwise: SeccompAction, then: SeccompAction) -> Result<BpfProgram, BackendError> {
    let rules: BTreeMap<i64, Vec<SeccompRule>> =
        rules.into_iter().map(|(call, rules)| (i64::from(call.id()), rules)).collect();
    SeccompFilter::new(rules, otherwise, then, ARCH)?.try_into()
}

fn is(
    argument: u8,
    length: SeccompCmpArgLen,
    how: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, length, how, value)
}

/// One rule: all of the conditions.
fn all<const N: usize>(conditions: [SeccompCondition; N]) -> Result<Vec<SeccompRule>, BackendError> {
    Ok(vec![SeccompRule::new(conditions.into())?])
}

/// One rule: the argument is none of these.
fn none_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, BackendError> {
    let conditions = values.iter().map(|value| is(argument, Dword, Ne, *value)).collect::<Result<_, _>>()?;
    Ok(vec![SeccompRule::new(conditions)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_on_two_lists() {
        let mut calls =
            [list::FREE.concat(), list::FILES.to_vec(), list::REFUSED.to_vec(), list::UNKNOWN.to_vec()]
                .concat();
        let listed = calls.len();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(calls.len(), listed);
    }

    #[test]
    fn every_combination_compiles() {
        for (executable_memory, landlocked) in [(true, true), (true, false), (false, true), (false, false)] {
            let confinement = Confinement { executable_memory, ..Confinement::new(1) };
            let filters = compile(&confinement, landlocked).unwrap();
            assert_eq!(filters.len(), if landlocked { 3 } else { 4 });
        }
    }
}

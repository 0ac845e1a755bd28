//! The system calls of a running engine, by purpose.
//!
//! What is on no list ends the process: starting a program or a process, sockets, signals to others, tracing,
//! mounting, loading code into the kernel, io_uring, and whatever a later kernel adds.

use syscalls::Sysno;

/// Allowed with any arguments.
pub(super) const FREE: &[&[Sysno]] = &[MEMORY, THREADS, SIGNALS, TIME, DESCRIPTORS, FACTS];

/// The heap. `mmap`, `mprotect` and `pkey_mprotect` come with conditions.
///
/// V8 makes and frees reservations, gives pages back (`madvise`) and guards its code with protection keys. It
/// lowers the priority of its threads (`setpriority`, refused) and does not look whether that went well.
const MEMORY: &[Sysno] =
    &[Sysno::brk, Sysno::munmap, Sysno::mremap, Sysno::madvise, Sysno::pkey_alloc, Sysno::pkey_free];

/// Threads and their ends. `clone` comes with conditions: threads, never processes.
///
/// V8 keeps a pool of threads for garbage collection and compilation, and lets them see new code
/// (`membarrier`). Boa's and the harness's worker threads start after a loss.
const THREADS: &[Sysno] = &[
    Sysno::futex,
    Sysno::set_robust_list,
    Sysno::set_tid_address,
    Sysno::rseq,
    Sysno::membarrier,
    Sysno::gettid,
    Sysno::getpid,
    Sysno::getppid,
    Sysno::sched_yield,
    Sysno::sched_getaffinity,
    Sysno::sched_getparam,
    Sysno::sched_getscheduler,
    Sysno::sched_get_priority_max,
    Sysno::sched_get_priority_min,
    Sysno::getcpu,
    Sysno::exit,
    Sysno::exit_group,
];

/// Handling signals. `rt_sigaction` comes with conditions, and `tgkill` reaches this process only.
///
/// V8 handles SIGSEGV for WebAssembly's bounds; Rust gives each thread a stack to report overflows on.
const SIGNALS: &[Sysno] =
    &[Sysno::rt_sigprocmask, Sysno::rt_sigreturn, Sysno::sigaltstack, Sysno::restart_syscall];

/// Clocks, where they are not read without the kernel, and waiting. No timers: those send signals.
const TIME: &[Sysno] = &[
    Sysno::clock_gettime,
    Sysno::clock_getres,
    Sysno::clock_nanosleep,
    Sysno::nanosleep,
    Sysno::gettimeofday,
    #[cfg(target_arch = "x86_64")]
    Sysno::time,
];

/// The socket to the parent, standard output and error, and the event loop of V8's embedder.
///
/// No `sendmsg` and `recvmsg`: they hand over descriptors, and no descriptor is to change hands. `fcntl` and
/// `ioctl` come with conditions.
const DESCRIPTORS: &[Sysno] = &[
    Sysno::read,
    Sysno::readv,
    Sysno::pread64,
    Sysno::write,
    Sysno::writev,
    Sysno::recvfrom,
    Sysno::sendto,
    Sysno::shutdown,
    Sysno::close,
    Sysno::lseek,
    Sysno::fstat,
    Sysno::ppoll,
    Sysno::epoll_create1,
    Sysno::epoll_ctl,
    Sysno::epoll_pwait,
    Sysno::epoll_pwait2,
    Sysno::eventfd2,
    #[cfg(target_arch = "x86_64")]
    Sysno::poll,
    #[cfg(target_arch = "x86_64")]
    Sysno::epoll_wait,
];

/// Facts about machine and process, and random bytes. `prlimit64` comes with conditions.
///
/// RustyScript asks for the working directory with every isolate and does not go on without it.
const FACTS: &[Sysno] = &[
    Sysno::getrandom,
    Sysno::getrusage,
    Sysno::sysinfo,
    Sysno::uname,
    Sysno::getuid,
    Sysno::geteuid,
    Sysno::getgid,
    Sysno::getegid,
    Sysno::getcwd,
    #[cfg(target_arch = "x86_64")]
    Sysno::getrlimit,
];

/// Reading files by name: Landlock says which. Without it, nothing may be opened or followed.
pub(super) const FILES: &[Sysno] = &[
    Sysno::openat,
    Sysno::readlinkat,
    Sysno::faccessat,
    Sysno::faccessat2,
    Sysno::getdents64,
    #[cfg(target_arch = "x86_64")]
    Sysno::open,
    #[cfg(target_arch = "x86_64")]
    Sysno::readlink,
    #[cfg(target_arch = "x86_64")]
    Sysno::access,
    #[cfg(target_arch = "x86_64")]
    Sysno::stat,
    #[cfg(target_arch = "x86_64")]
    Sysno::lstat,
];

/// These ask about an open descriptor or about a name, depending on their flags. Where C libraries turn
/// `fstat` into one of them it must work in any case.
pub(super) const STATUS: &[(Sysno, u8)] = &[
    #[cfg(target_arch = "x86_64")]
    (Sysno::newfstatat, 3),
    #[cfg(target_arch = "aarch64")]
    (Sysno::fstatat, 3),
    (Sysno::statx, 2),
];

/// Refused with EPERM: libraries try them and go on without. Thread priorities, memory placement, locking
/// pages, options and names of a socket.
pub(super) const REFUSED: &[Sysno] = &[
    Sysno::sched_setaffinity,
    Sysno::sched_setparam,
    Sysno::sched_setscheduler,
    Sysno::sched_setattr,
    Sysno::getpriority,
    Sysno::setpriority,
    Sysno::mbind,
    Sysno::get_mempolicy,
    Sysno::set_mempolicy,
    Sysno::mlock,
    Sysno::mlock2,
    Sysno::munlock,
    Sysno::mincore,
    Sysno::getsockopt,
    Sysno::setsockopt,
    Sysno::getsockname,
    Sysno::getpeername,
];

/// Answered with ENOSYS, as an older kernel would: what takes its arguments in memory, where no filter can
/// look, and what has an older form to fall back on.
pub(super) const UNKNOWN: &[Sysno] = &[Sysno::clone3, Sysno::mseal, Sysno::futex_waitv, Sysno::openat2];

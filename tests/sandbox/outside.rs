//! What is expected of each case.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use jsarena::engine::registry;
use jsarena::executor::sandbox::{self, Report, Standing};
use libtest_mimic::{Failed, Trial};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::close;

/// Environment of a child: its case, and what some of them are told.
pub const CASE: &str = "JSARENA_SANDBOX_CASE";
pub const ENGINE: &str = "JSARENA_SANDBOX_ENGINE";
pub const PARENT: &str = "JSARENA_SANDBOX_PARENT";
pub const DESCRIPTOR: &str = "JSARENA_SANDBOX_DESCRIPTOR";

/// The cap on memory in all cases.
pub const CAP: ByteSize = ByteSize::mib(256);

/// Everything that makes an engine ask the system for something, and an answer of which nothing is random.
pub const SCRIPT: &str = "
    const when = new Date(Date.UTC(2026, 6, 1, 12));
    const text = 'x'.repeat(100000).replace(/x/g, 'yz');
    const numbers = Array.from({ length: 100000 }, (_, i) => (i * 7919) % 100003).sort((a, b) => a - b);
    const random = Math.random();
    const intl = typeof Intl === 'object' ? new Intl.NumberFormat('de').format(1234.5) : 'no Intl';
    const local = typeof Intl === 'object' ? when.toLocaleString('en') : 'no Intl';
    return [when.getTimezoneOffset(), when.getHours(), String(when), Date.now() > 1.7e12, text.length,
            numbers[500], random >= 0 && random < 1, intl, local, JSON.stringify({ a: [1, 2, { b: null }] })];
";

type Tested = Result<(), Failed>;

pub fn trials() -> Vec<Trial> {
    // What this kernel does not offer cannot be tested on it; each trial that needs it says so.
    let offered = sandbox::available();
    let filters = offered.syscalls.standing == Standing::Full;
    let files = offered.filesystem.standing != Standing::None;
    let network = offered.network.standing == Standing::Full;
    let mut trials = vec![
        trial("the_report_says_what_is_in_force", true, report_is_true),
        trial("unfiltered_means_neither_landlock_nor_seccomp", true, || {
            says("unfiltered", &["true", "true"])
        }),
        trial("no_file_is_opened", files && filters, || says("files", &[DENIED; 3])),
        trial("without_landlock_seccomp_opens_none", filters, || {
            says("files without landlock", &[DENIED, DENIED, DENIED, "true"])
        }),
        trial("landlock_alone_closes_files_and_network", network, || {
            says("landlock alone", &[DENIED, DENIED, DENIED, DENIED, "Err(EPERM)"])
        }),
        trial("tried_by_libraries_fails_and_lets_live", filters, || {
            let refused = ["Err(EPERM)"; 5];
            says("tried and refused", &[&refused[..], &["Ok(0)"]].concat())
        }),
        trial("a_jit_may_have_executable_memory", filters, || says("executable memory", &["true"])),
        trial("memory_ends_at_the_cap", true, || says("memory", &["true", "false", "true"])),
        trial("reserved_addresses_are_no_memory", true, || says("reservations", &["true"])),
        trial("threads_start", filters, || says("threads", &["[0, 1000, 2000, 3000]"])),
        trial("a_panic_is_only_a_panic", filters, || says("panic", &["true"])),
        trial("an_abort_is_an_abort", filters, || ends_by("abort", Signal::SIGABRT).map(drop)),
        trial("cpu_time_ends", true, || ends_by("cpu", Signal::SIGXCPU).map(drop)),
        trial("cpu_time_is_allowed_job_by_job", true, || says("cpu allowed again", &["done"])),
        trial("cpu_time_left_over_is_taken_back", true, || {
            ends_by("cpu allowed less", Signal::SIGXCPU).map(drop)
        }),
        trial("inherited_descriptors_are_closed", true, descriptors),
        trial("no_core_is_dumped_to_a_handler_either", true, || says("core", &["(1, 1)"])),
        trial("the_parents_death_is_the_childs", true, orphan),
        trial("a_parent_gone_before_is_noticed", true, gone_before),
    ];
    for (case, call) in [
        ("socket", "socket"),
        ("fork", "clone"),
        ("exec", "execve"),
        ("signal to another", "kill"),
        ("the limit on memory raised", "prlimit64"),
        ("shared memory", "mmap"),
        ("memory that grows", "mmap"),
        ("executable memory without a jit", "mmap"),
        ("a thread from before", "socket"),
    ] {
        trials.push(trial(&format!("blocked: {case}"), filters, move || blocked(case, call)));
    }
    // The C library blocks all signals meanwhile, so there are no last words.
    trials.push(trial("blocked: process", filters, || ends_by("process", Signal::SIGSYS).map(drop)));
    trials.push(trial("the_parents_socket_goes_on", filters, socket));
    for engine in registry::built() {
        let id = engine.info().id;
        let (same, eats) = (id.clone(), id.clone());
        trials.push(trial(&format!("{id}: scripts run as outside"), filters, move || script(&same)));
        trials
            .push(trial(&format!("{id}: memory ends by an error or a crash"), filters, move || eater(&eats)));
    }
    trials
}

const DENIED: &str = "Err(PermissionDenied)";

fn trial(name: &str, can_be_tested: bool, test: impl FnOnce() -> Tested + Send + 'static) -> Trial {
    Trial::test(name, test).with_ignored_flag(!can_be_tested)
}

fn child(case: &str) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.env(CASE, case).stdin(Stdio::null());
    child
}

/// Runs a case, never for longer than it could honestly take.
fn run(child: &mut Command) -> Output {
    child.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

fn ensure(holds: bool, output: &Output) -> Tested {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if holds { Ok(()) } else { Err(format!("{}\nout: {out}\nerr: {err}", output.status).into()) }
}

fn says(case: &str, lines: &[&str]) -> Tested {
    let output = run(&mut child(case));
    let said = String::from_utf8_lossy(&output.stdout);
    ensure(output.status.success() && said.lines().eq(lines.iter().copied()), &output)
}

fn ends_by(case: &str, signal: Signal) -> Result<Output, Failed> {
    let started = Instant::now();
    let output = run(&mut child(case));
    ensure(output.status.signal() == Some(signal as i32), &output)?;
    ensure(!output.status.core_dumped(), &output)?;
    // The cases that end by a limit on CPU time have a tenth of a second.
    ensure(started.elapsed() < Duration::from_secs(20), &output)?;
    Ok(output)
}

fn blocked(case: &str, call: &str) -> Tested {
    let output = ends_by(case, Signal::SIGSYS)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line =
        said.lines().find(|line| line.starts_with("seccomp: blocked system call ")).unwrap_or_default();
    ensure(line.ends_with(&format!(" ({call})")), &output)
}

fn report_is_true() -> Tested {
    let output = run(&mut child("report"));
    let [entered, locked]: [Report; 2] = serde_json::from_slice(&output.stdout)?;
    let offered = sandbox::available();
    // What was offered is in force; the cap on memory was asked for by the process itself.
    for ((name, offered), (_, locked)) in offered.rows().into_iter().zip(locked.rows()) {
        println!("{name}: {locked}");
        if name != "memory" && (offered.standing, &offered.by) != (locked.standing, &locked.by) {
            return Err(format!("{name}: offered {offered}, in force {locked}").into());
        }
    }
    ensure(locked.memory.by == "rlimit data" && locked.memory.standing == Standing::Full, &output)?;
    ensure(
        entered.syscalls.standing == Standing::None && entered.memory.standing == Standing::None,
        &output,
    )?;
    ensure(entered.filesystem == locked.filesystem && entered.parent_death == locked.parent_death, &output)
}

fn descriptors() -> Tested {
    let file = File::open("/etc/passwd")?;
    // Without a mark to close it, and under a number that nothing opened later gets.
    let handed_down = fcntl(&file, FcntlArg::F_DUPFD(200))?;
    let output = run(child("descriptors").env(DESCRIPTOR, handed_down.to_string()));
    close(handed_down)?;
    ensure(output.stdout == b"true\nfalse\ntrue\n", &output)
}

fn socket() -> Tested {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = child("echo");
    command.stdin(Stdio::from(OwnedFd::from(theirs)));
    let answered = thread::spawn(move || {
        (&ours).write_all(b"over and back\n")?;
        let mut answer = String::new();
        (&ours).take(13).read_to_string(&mut answer).map(|_| answer)
    });
    let output = run(&mut command);
    drop(command);
    ensure(output.status.success(), &output)?;
    ensure(answered.join().unwrap()? == "over and back", &output)
}

fn orphan() -> Tested {
    let mut parent = child("parent of an orphan").stdout(Stdio::piped()).spawn()?;
    let mut said = BufReader::new(parent.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line)?;
    assert_eq!(line, "ready\n");
    let killed = Instant::now();
    parent.kill()?;
    parent.wait()?;
    // The pipe ends when the last process that holds it does: the orphan, which would sleep for a minute.
    said.read_to_string(&mut line)?;
    let lived = killed.elapsed();
    if lived < Duration::from_secs(20) { Ok(()) } else { Err(format!("it lived on for {lived:?}").into()) }
}

fn gone_before() -> Tested {
    let output = run(child("orphan").env(PARENT, "1"));
    ensure(output.status.signal() == Some(libc::SIGKILL) && output.stdout.is_empty(), &output)
}

fn script(engine: &str) -> Tested {
    for zone in ["America/New_York", "Asia/Kolkata", "UTC"] {
        let run = |case| run(child(case).env(ENGINE, engine).env("TZ", zone));
        let (outside, confined) = (run("script"), run("script confined"));
        ensure(outside.status.success() && outside.stdout.starts_with(b"["), &outside)?;
        // Once on the isolate from before, once on a new one.
        ensure(confined.stdout == outside.stdout.repeat(2), &confined)?;
        ensure(confined.status.success(), &confined)?;
    }
    Ok(())
}

fn eater(engine: &str) -> Tested {
    let output = run(child("script that eats memory").env(ENGINE, engine));
    ensure(!output.stdout.starts_with(b"["), &output)?;
    // Whether it survives is the engine's affair; that it ends for lack of memory is the sandbox's. A blocked
    // call would not be it, nor would the guest's own deadline.
    let wrong = [libc::SIGSYS, libc::SIGKILL, libc::SIGXCPU].map(Some);
    ensure(!wrong.contains(&output.status.signal()), &output)?;
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).to_lowercase();
    let out_of_memory = ["memory", "allocat"].iter().any(|word| said.contains(word));
    ensure(out_of_memory || output.status.signal().is_some(), &output)
}

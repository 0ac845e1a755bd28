//! The process to be confined, one case a run.

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use jsarena::engine::{Deadline, Isolate, JsEngine, Limits, Script, registry};
use jsarena::executor::sandbox::{self, Confinement};
use nix::errno::Errno;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::getppid;

use super::outside::{CAP, DESCRIPTOR, ENGINE, PARENT, SCRIPT};

/// Runs a case to its end, if it comes to it.
pub fn run(case: &str) {
    let parent = std::env::var(PARENT).map_or_else(|_| getppid().as_raw() as u32, |pid| pid.parse().unwrap());
    let all = Confinement { memory: Some(CAP), ..Confinement::new(parent) };
    let unfiltered = Confinement { filter: false, ..all.clone() };
    let plain = Confinement { executable_memory: false, ..all.clone() };
    match case {
        "report" => {
            let entered = sandbox::enter(&all);
            let locked = sandbox::lock(&all);
            println!("{}", serde_json::to_string(&[entered, locked]).unwrap());
        }
        "unfiltered" => {
            confine(&unfiltered);
            println!("{}", File::open("/etc/passwd").is_ok());
            println!("{}", UnixStream::pair().is_ok());
        }
        "files" => {
            confine(&all);
            files();
        }
        "files without landlock" => {
            sandbox::lock(&all);
            files();
            // By descriptor it goes on working.
            let out = std::io::stdout().as_fd().try_clone_to_owned().map(File::from).unwrap();
            println!("{}", out.metadata().is_ok());
        }
        "landlock alone" => {
            sandbox::enter(&all);
            files();
            println!("{:?}", TcpListener::bind("127.0.0.1:0").map(drop).map_err(|error| error.kind()));
            println!("{:?}", kill(getppid(), None));
        }
        "socket" => {
            confine(&all);
            drop(UdpSocket::bind("127.0.0.1:0"));
        }
        "process" => {
            confine(&all);
            drop(Command::new("/bin/true").spawn());
        }
        "fork" => {
            confine(&all);
            // SAFETY: the child, if there is one, does nothing but end.
            if matches!(unsafe { nix::unistd::fork() }, Ok(nix::unistd::ForkResult::Child)) {
                std::process::exit(0);
            }
        }
        "exec" => {
            confine(&all);
            drop(Command::new("/bin/true").exec());
        }
        "signal to another" => {
            confine(&all);
            let _ = kill(getppid(), Signal::SIGTERM);
        }
        "the limit on memory raised" => {
            confine(&all);
            let _ = setrlimit(Resource::RLIMIT_DATA, 1 << 40, 1 << 40);
        }
        "shared memory" => {
            confine(&all);
            map(libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        }
        "memory that grows" => {
            confine(&all);
            map(
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN,
            );
        }
        "executable memory" => {
            confine(&all);
            println!("{}", map(libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS));
        }
        "executable memory without a jit" => {
            confine(&plain);
            map(libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        }
        "echo" => {
            confine(&plain);
            echo();
        }
        "tried and refused" => {
            confine(&all);
            refused();
        }
        "abort" => {
            confine(&all);
            std::process::abort();
        }
        "memory" => {
            confine(&all);
            println!("{}", takes(CAP.as_u64() / 2));
            println!("{}", takes(CAP.as_u64() * 2));
            println!("{}", takes(CAP.as_u64() / 2));
        }
        "reservations" => {
            confine(&all);
            println!(
                "{}",
                map_of(
                    1 << 40,
                    libc::PROT_NONE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE
                )
            );
        }
        "threads" => {
            confine(&plain);
            let sums: Vec<u64> = (0..4_u64)
                .map(|start| thread::spawn(move || vec![start; 1000].iter().sum::<u64>()))
                .map(|thread| thread.join().unwrap())
                .collect();
            println!("{sums:?}");
        }
        "a thread from before" => {
            sandbox::enter(&all);
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let early = thread::spawn(move || {
                wait.recv().unwrap();
                drop(UdpSocket::bind("127.0.0.1:0"));
            });
            sandbox::lock(&all);
            go.send(()).unwrap();
            early.join().unwrap();
        }
        "panic" => {
            confine(&all);
            println!("{}", thread::spawn(|| panic!("as planned")).join().is_err());
        }
        "cpu" => {
            confine(&all);
            sandbox::allow_cpu(Duration::from_millis(100)).unwrap();
            spin(Duration::from_secs(10), || ());
        }
        "cpu allowed again" => {
            confine(&all);
            spin(Duration::from_millis(3500), || sandbox::allow_cpu(Duration::from_millis(500)).unwrap());
            println!("done");
        }
        "cpu allowed less" => {
            confine(&all);
            sandbox::allow_cpu(Duration::from_secs(600)).unwrap();
            sandbox::allow_cpu(Duration::from_millis(100)).unwrap();
            spin(Duration::from_secs(10), || ());
        }
        "descriptors" => {
            let descriptor: i32 = std::env::var(DESCRIPTOR).unwrap().parse().unwrap();
            println!("{}", is_open(descriptor));
            sandbox::enter(&all);
            println!("{}", is_open(descriptor));
            let opened = (0..100).map_while(|_| File::open("/dev/urandom").ok()).collect::<Vec<_>>();
            println!("{}", opened.len() > 10 && opened.len() < 64);
        }
        "core" => {
            sandbox::enter(&all);
            println!("{:?}", getrlimit(Resource::RLIMIT_CORE).unwrap());
        }
        "orphan" => {
            sandbox::enter(&all);
            println!("ready");
            thread::sleep(Duration::from_secs(60));
        }
        "parent of an orphan" => {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .env(super::outside::CASE, "orphan")
                .spawn()
                .unwrap();
            drop(child.wait());
        }
        "script" => println!("{}", on_a_thread(|engine| run_script(&mut *isolate(engine), SCRIPT))),
        "script confined" => on_a_thread(|engine| {
            let mut before = isolate(engine);
            sandbox::lock(&as_needed(engine));
            println!("{}", run_script(&mut *before, SCRIPT));
            drop(before);
            println!("{}", run_script(&mut *isolate(engine), SCRIPT));
        }),
        "script that eats memory" => on_a_thread(|engine| {
            let mut isolate = isolate(engine);
            sandbox::lock(&as_needed(engine));
            let eat = "const eaten = []; for (;;) eaten.push(new Uint8Array(1 << 20))";
            println!("{}", run_script(&mut *isolate, eat));
        }),
        other => panic!("no case {other}"),
    }
}

fn confine(confinement: &Confinement) {
    sandbox::enter(confinement);
    sandbox::lock(confinement);
}

fn files() {
    let said =
        |result: std::io::Result<File>| println!("{:?}", result.map(drop).map_err(|error| error.kind()));
    said(File::open("/etc/passwd"));
    said(File::open("/proc/self/environ"));
    said(OpenOptions::new().write(true).create(true).truncate(true).open("/tmp/jsarena-must-not-exist"));
}

/// Calls that must fail and let live, and one that must not fail.
fn refused() {
    let said = |returned: i32| println!("{:?}", Errno::result(returned));
    // SAFETY: none of them is given memory to write to.
    unsafe {
        said(libc::fcntl(0, libc::F_SETOWN, libc::getppid()));
        said(libc::ioctl(0, libc::TIOCSTI, 0));
        said(libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0));
        said(libc::setpriority(libc::PRIO_PROCESS, 0, 5));
        said(if libc::signal(libc::SIGXCPU, libc::SIG_IGN) == libc::SIG_ERR { -1 } else { 0 });
        said(libc::prctl(libc::PR_SET_NAME, c"named".as_ptr(), 0, 0, 0));
    }
}

/// Repeats what it is told on the socket that is its standard input, from a thread.
fn echo() {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    thread::spawn(move || {
        socket.set_nonblocking(false).unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        (&socket).write_all(line.as_bytes()).unwrap();
    })
    .join()
    .unwrap();
}

fn map(protection: i32, flags: i32) -> bool {
    map_of(4096, protection, flags)
}

fn map_of(length: usize, protection: i32, flags: i32) -> bool {
    // SAFETY: a new mapping, wherever the kernel likes, that nobody uses.
    unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, -1, 0) != libc::MAP_FAILED }
}

fn takes(bytes: u64) -> bool {
    let mut memory: Vec<u8> = Vec::new();
    let taken = memory.try_reserve_exact(bytes as usize).is_ok();
    if taken {
        memory.resize(bytes as usize, 1);
        black_box(&memory);
    }
    taken
}

/// Uses CPU time, looking up now and then.
fn spin(time: Duration, mut now_and_then: impl FnMut()) {
    let used = || Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap());
    while used() < time {
        now_and_then();
        let pause = Instant::now();
        while pause.elapsed() < Duration::from_millis(50) {
            black_box(0);
        }
    }
}

fn is_open(descriptor: i32) -> bool {
    // SAFETY: asks about a number and takes no memory.
    unsafe { libc::fcntl(descriptor, libc::F_GETFD) >= 0 }
}

/// Enters the sandbox if a case wants more than a comparison, and goes on with the stack the engine asks for.
fn on_a_thread<T: Send + 'static>(work: impl FnOnce(&dyn JsEngine) -> T + Send + 'static) -> T {
    let wanted = std::env::var(ENGINE).unwrap();
    let engine = registry::built().find(|engine| engine.info().id == wanted).unwrap();
    if std::env::var(super::outside::CASE).unwrap() != "script" {
        sandbox::enter(&as_needed(&*engine));
    }
    let stack = engine.info().thread_stack.as_u64() as usize;
    thread::Builder::new().stack_size(stack).spawn(move || work(&*engine)).unwrap().join().unwrap()
}

fn as_needed(engine: &dyn JsEngine) -> Confinement {
    let executable_memory = engine.info().capabilities.jit;
    Confinement { memory: Some(CAP), executable_memory, ..Confinement::new(getppid().as_raw() as u32) }
}

fn isolate(engine: &dyn JsEngine) -> Box<dyn Isolate> {
    engine.create(&Limits { heap: None, ..Limits::default() }).unwrap()
}

fn run_script(isolate: &mut dyn Isolate, body: &str) -> String {
    let deadline = Deadline::after(Duration::from_secs(20));
    let script = Script::new("t", body);
    let result = isolate.load(&script, &deadline).and_then(|id| isolate.call(id, "null", &deadline));
    match result {
        Ok(answer) => answer,
        Err(error) => error.to_string(),
    }
}

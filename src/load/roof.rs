//! A roof over what a host of hostile scripts may hold.

use std::io;
use std::thread;
use std::time::Duration;

use super::process;

/// Most memory such a host may hold, bytes, children not counted.
pub const HOST_MEMORY: u64 = 2 << 30;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// From now on this process is killed when it holds more than [`HOST_MEMORY`], as it would be in a container of that
/// size, before it takes down what else runs on the machine. `beyond` hears first how much it held, in bytes.
///
/// # Errors
/// When the system gives no thread.
pub fn keep_below_roof(beyond: impl FnOnce(u64) + Send + 'static) -> io::Result<()> {
    let watch = move || {
        let held = loop {
            let held = process::resident_bytes();
            if held > HOST_MEMORY {
                break held;
            }
            thread::sleep(LOOK_EVERY);
        };
        beyond(held);
        // As a kernel would: without a word to anything else in here.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    };
    thread::Builder::new().name("jsarena-roof".to_owned()).spawn(watch).map(drop)
}

//! The last words of a child: what it wrote to standard output and standard error, as far as anyone wants it.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;

/// Bytes that are kept. A guest may write as much as it likes, in lines as long as it likes.
const KEPT: usize = 8192;

/// Lines of those that are shown.
const SHOWN: usize = 3;

/// How long to wait, once the child is dead, for what it wrote last: its pipe may be held open by others.
const PATIENCE: Duration = Duration::from_millis(200);

/// Drains a stream, and keeps its end.
pub(crate) struct Tail {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Disconnected once the stream has ended.
    open: Receiver<()>,
}

impl Tail {
    /// Starts the thread that drains `stream` to its end.
    pub fn of(mut stream: impl Read + Send + 'static) -> std::io::Result<Self> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (held, open) = bounded(0);
        let into = Arc::clone(&kept);
        thread::Builder::new().name("jsarena-tail".to_owned()).stack_size(128 << 10).spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                tracing::debug!(target: "jsarena::child", "{}", String::from_utf8_lossy(&chunk[..read]).trim_end());
                let mut kept = into.lock();
                kept.extend_from_slice(&chunk[..read]);
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
            drop(held);
        })?;
        Ok(Self { kept, open })
    }

    /// The last lines, joined; empty when nothing was written.
    pub fn last_words(&self) -> String {
        let _ = self.open.recv_timeout(PATIENCE);
        let kept = self.kept.lock();
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| says_something(line)).collect();
        lines[lines.len().saturating_sub(SHOWN)..].join(" / ")
    }
}

/// Whether a line of a dying process says something to a reader of a row: frames of stack traces and rules drawn
/// around messages do not.
fn says_something(line: &str) -> bool {
    let line = line.trim();
    let numbered = || line.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    line.chars().any(char::is_alphabetic)
        && !line.contains("(+0x")
        && !["====", "#FailureMessage", "at ", "note: ", "stack backtrace:"]
            .iter()
            .any(|it| line.starts_with(it))
        && !numbered()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_end_of_much_is_kept() {
        let text = format!("{}\nlast but one\n\n  last  \n", "x".repeat(100_000));
        let tail = Tail::of(Cursor::new(text.into_bytes())).unwrap();
        let words = tail.last_words();
        assert!(words.ends_with("x / last but one /   last"), "{words}");
        assert!(words.len() <= KEPT);
        assert_eq!(Tail::of(Cursor::new(b"\n")).unwrap().last_words(), "");
    }

    #[test]
    fn frames_of_a_stack_trace_are_no_last_words() {
        let v8 = "\n#\n# Fatal error in , line 0\n# Fatal JavaScript invalid size error 134217737\n#\n#\n\
                  #FailureMessage Object: 0x7ffe\n==== C stack trace ====\n\n    jsarena(+0x2df1ef1) [0x55bdc]\n";
        let said = "# Fatal error in , line 0 / # Fatal JavaScript invalid size error 134217737";
        assert_eq!(Tail::of(Cursor::new(v8)).unwrap().last_words(), said);
        let rust = "thread 'x' panicked at src/a.rs:1:2:\nno such thing\nstack backtrace:\n   0: std::panicking\n\
                    \x20            at /rustc/lib.rs:3\nnote: Some details are omitted\n";
        assert_eq!(
            Tail::of(Cursor::new(rust)).unwrap().last_words(),
            "thread 'x' panicked at src/a.rs:1:2: / no such thing"
        );
    }
}

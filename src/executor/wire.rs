//! The worker protocol: frames over a stream, as PROTOCOL.md has them.
//!
//! Both sides read and write through this file. Scripts' inputs and answers pass through as the JSON text they
//! are; only what is small and rare (greetings, errors) is made into JSON here.

use std::io::{self, IoSlice, Read, Write};
use std::str::Utf8Error;
use std::time::Duration;

use bytesize::ByteSize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::{HeapStats, JsError, Limits};

/// The version this program speaks.
pub const PROTOCOL: u32 = 1;

/// Longest body this program sends or takes.
pub const MAX_BODY: u32 = 256 << 20;

const HEADER: usize = 8;
const SPENT: u8 = 1;

/// What a frame is about. A reply has the kind of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The greeting.
    Hello = 1,
    /// Make the isolate.
    Create = 2,
    /// Compile a script.
    Load = 3,
    /// Run one.
    Call = 4,
    /// Make a new realm.
    Reset = 5,
    /// Say what the heap holds.
    Heap = 6,
    /// A reply only: what was asked failed.
    Error = 255,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Hello, Self::Create, Self::Load, Self::Call, Self::Reset, Self::Heap, Self::Error];

    fn of(byte: u8) -> Result<Self, WireError> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte).ok_or(WireError::Kind(byte))
    }
}

/// Why the other side cannot be understood any more.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The stream ended, at a frame's beginning or within one.
    #[error("the stream ended")]
    Ended,
    /// The stream failed.
    #[error(transparent)]
    Io(io::Error),
    /// A frame of no known kind: whoever wrote it speaks something else.
    #[error("a frame of kind {0}, which there is not")]
    Kind(u8),
    /// A body that is too long to be read.
    #[error("a body of {0} bytes; {MAX_BODY} are the most")]
    TooLong(u64),
    /// A body that is not what its kind asks for.
    #[error("a frame of kind {kind:?} with a body that is {problem}")]
    Body {
        /// The frame's kind.
        kind: Kind,
        /// What is wrong with it.
        problem: String,
    },
    /// A frame that has no place here.
    #[error("a frame of kind {got:?} where {wanted:?} was due")]
    OutOfTurn {
        /// What came.
        got: Kind,
        /// What should have come.
        wanted: Kind,
    },
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        match error.kind() {
            UnexpectedEof | BrokenPipe | ConnectionReset => Self::Ended,
            _ => Self::Io(error),
        }
    }
}

/// A frame as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is about.
    pub kind: Kind,
    /// Set in a reply: the isolate must not be used again.
    pub spent: bool,
    /// The rest.
    pub body: Vec<u8>,
}

impl Frame {
    /// Reads the next frame. Memory grows with what arrives, not with what the header promises.
    ///
    /// # Errors
    /// [`WireError`]; the stream is of no use after one.
    pub fn read(from: &mut impl Read) -> Result<Self, WireError> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header)?;
        let [a, b, c, d, kind, flags, ..] = header;
        let length = u32::from_le_bytes([a, b, c, d]);
        let kind = Kind::of(kind)?;
        if length > MAX_BODY {
            return Err(WireError::TooLong(length.into()));
        }
        let mut body = Vec::with_capacity((length as usize).min(64 << 10));
        from.take(length.into()).read_to_end(&mut body)?;
        if body.len() < length as usize {
            return Err(WireError::Ended);
        }
        Ok(Self { kind, spent: flags & SPENT != 0, body })
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`WireError::Body`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        serde_json::from_slice(&self.body).map_err(|error| self.wrong(error.to_string()))
    }

    /// The body as text.
    ///
    /// # Errors
    /// [`WireError::Body`].
    pub fn text(self) -> Result<String, WireError> {
        let kind = self.kind;
        String::from_utf8(self.body).map_err(|error| not_text(kind, error.utf8_error()))
    }

    /// The text behind integers that take `skip` bytes.
    ///
    /// # Errors
    /// [`WireError::Body`].
    pub fn text_after(&self, skip: usize) -> Result<&str, WireError> {
        let rest = self.body.get(skip..).ok_or_else(|| self.wrong("too short".to_owned()))?;
        std::str::from_utf8(rest).map_err(|error| not_text(self.kind, error))
    }

    /// The 4 bytes at `at` as a number.
    ///
    /// # Errors
    /// [`WireError::Body`].
    pub fn u32_at(&self, at: usize) -> Result<u32, WireError> {
        self.bytes_at(at).map(u32::from_le_bytes)
    }

    /// The 8 bytes at `at` as microseconds.
    ///
    /// # Errors
    /// [`WireError::Body`].
    pub fn micros_at(&self, at: usize) -> Result<Duration, WireError> {
        self.bytes_at(at).map(u64::from_le_bytes).map(Duration::from_micros)
    }

    fn bytes_at<const N: usize>(&self, at: usize) -> Result<[u8; N], WireError> {
        let bytes = self.body.get(at..at + N).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| self.wrong("too short".to_owned()))
    }

    fn wrong(&self, problem: String) -> WireError {
        WireError::Body { kind: self.kind, problem }
    }
}

fn not_text(kind: Kind, error: Utf8Error) -> WireError {
    WireError::Body { kind, problem: format!("no UTF-8: {error}") }
}

/// Writes a frame whose body is `parts`, one after the other, without joining them first.
///
/// # Errors
/// [`WireError::TooLong`], with nothing written; and what the stream says.
pub fn write(to: &mut impl Write, kind: Kind, spent: bool, parts: &[&[u8]]) -> Result<(), WireError> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length).ok().filter(|length| *length <= MAX_BODY);
    let Some(length) = length else {
        return Err(WireError::TooLong(parts.iter().map(|part| part.len() as u64).sum()));
    };
    let [a, b, c, d] = length.to_le_bytes();
    let header = [a, b, c, d, kind as u8, if spent { SPENT } else { 0 }, 0, 0];
    let mut slices = [IoSlice::new(&[]); 4];
    let all = std::iter::once(&header[..]).chain(parts.iter().copied());
    let used = slices.iter_mut().zip(all).map(|(slice, part)| *slice = IoSlice::new(part)).count();
    debug_assert_eq!(used, parts.len() + 1, "no frame has more than three parts");
    write_all(to, &mut slices[..used]).map_err(Into::into)
}

fn write_all(to: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while slices.iter().any(|slice| !slice.is_empty()) {
        match to.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a frame whose body is `value` as JSON.
///
/// # Errors
/// As [`write()`].
pub fn write_json(to: &mut impl Write, kind: Kind, value: &impl Serialize) -> Result<(), WireError> {
    let body =
        serde_json::to_vec(value).map_err(|error| WireError::Body { kind, problem: error.to_string() })?;
    write(to, kind, false, &[&body])
}

/// Writes an *error*.
///
/// # Errors
/// As [`write()`].
pub fn write_fault(to: &mut impl Write, fault: &Fault, spent: bool) -> Result<(), WireError> {
    let body = serde_json::to_vec(fault)
        .map_err(|error| WireError::Body { kind: Kind::Error, problem: error.to_string() })?;
    write(to, Kind::Error, spent, &[&body])
}

/// Time allowed, as it stands in a frame. Rounded up: a deadline that has not passed is never sent as none.
pub fn micros(allowed: Duration) -> [u8; 8] {
    u64::try_from(allowed.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX).to_le_bytes()
}

/// The host's greeting.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hello {
    /// Version the host speaks.
    pub protocol: u32,
    /// Who it is.
    pub host: String,
    /// Longest body it takes.
    pub max_body: u32,
}

/// What *create* says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Create {
    heap_bytes: Option<u64>,
    stack_bytes: u64,
}

impl From<&Limits> for Create {
    fn from(limits: &Limits) -> Self {
        Self { heap_bytes: limits.heap.map(|heap| heap.as_u64()), stack_bytes: limits.stack.as_u64() }
    }
}

impl From<Create> for Limits {
    fn from(create: Create) -> Self {
        Self { heap: create.heap_bytes.map(ByteSize::b), stack: ByteSize::b(create.stack_bytes) }
    }
}

/// What *heap* answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Heap {
    used_bytes: u64,
    limit_bytes: Option<u64>,
}

impl From<HeapStats> for Heap {
    fn from(stats: HeapStats) -> Self {
        Self { used_bytes: stats.used.as_u64(), limit_bytes: stats.limit.map(|limit| limit.as_u64()) }
    }
}

impl From<Heap> for HeapStats {
    fn from(heap: Heap) -> Self {
        Self { used: ByteSize::b(heap.used_bytes), limit: heap.limit_bytes.map(ByteSize::b) }
    }
}

/// What an *error* says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the JsError of the same name, or the panic of the worker itself")]
pub enum Fault {
    Exception {
        #[serde(default)]
        name: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        stack: String,
    },
    Syntax {
        #[serde(default)]
        message: String,
        #[serde(default)]
        line: Option<u32>,
        #[serde(default)]
        column: Option<u32>,
    },
    Timeout,
    OutOfMemory,
    StackOverflow,
    InvalidResult {
        #[serde(default)]
        message: String,
    },
    Engine {
        #[serde(default)]
        message: String,
    },
    Panic {
        #[serde(default)]
        message: String,
    },
}

impl From<JsError> for Fault {
    fn from(error: JsError) -> Self {
        match error {
            JsError::Exception { name, message, stack } => Self::Exception { name, message, stack },
            JsError::Syntax { message, line, column } => Self::Syntax { message, line, column },
            JsError::Timeout { .. } => Self::Timeout,
            JsError::OutOfMemory => Self::OutOfMemory,
            JsError::StackOverflow => Self::StackOverflow,
            JsError::InvalidResult(message) => Self::InvalidResult { message },
            JsError::Engine(message) | JsError::Died(message) => Self::Engine { message },
        }
    }
}

impl Fault {
    /// As the isolate's caller knows it; `ran` is how long the script did.
    pub fn into_error(self, ran: Duration) -> JsError {
        match self {
            Self::Exception { name, message, stack } => JsError::Exception { name, message, stack },
            Self::Syntax { message, line, column } => JsError::Syntax { message, line, column },
            Self::Timeout => JsError::Timeout { ran },
            Self::OutOfMemory => JsError::OutOfMemory,
            Self::StackOverflow => JsError::StackOverflow,
            Self::InvalidResult { message } => JsError::InvalidResult(message),
            Self::Engine { message } => JsError::Engine(message),
            Self::Panic { message } => JsError::Died(format!("panic: {message}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(kind: Kind, spent: bool, parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, kind, spent, parts).unwrap();
        bytes
    }

    /// A stream that gives and takes a few bytes at a time.
    struct Drip<T>(T, usize);

    impl<T: Read> Read for Drip<T> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    impl<T: Write> Write for Drip<T> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(&bytes[..bytes.len().min(self.1)])
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let bytes =
            written(Kind::Call, true, &[&3u32.to_le_bytes(), &micros(Duration::from_millis(1)), b"7"]);
        assert_eq!(bytes, b"\x0d\0\0\0\x04\x01\0\0\x03\0\0\0\xe8\x03\0\0\0\0\0\x007");
        let fault = Fault::from(JsError::StackOverflow);
        assert_eq!(serde_json::to_string(&fault).unwrap(), r#"{"kind":"stack_overflow"}"#);
    }

    proptest! {
        #[test]
        fn what_is_written_in_pieces_is_read_in_pieces(
            a in ".*", b in "\\PC{0,300}", spent: bool, writes in 1usize..9, reads in 1usize..9,
        ) {
            let mut bytes = Drip(Vec::new(), writes);
            write(&mut bytes, Kind::Load, spent, &[a.as_bytes(), b.as_bytes()]).unwrap();
            let frame = Frame::read(&mut Drip(&bytes.0[..], reads)).unwrap();
            prop_assert_eq!((frame.kind, frame.spent), (Kind::Load, spent));
            prop_assert_eq!(frame.text().unwrap(), format!("{a}{b}"));
        }

        #[test]
        fn no_stream_of_bytes_does_more_than_fail(bytes: Vec<u8>) {
            let mut rest = &bytes[..];
            while Frame::read(&mut rest).is_ok() {}
        }
    }

    #[test]
    fn nonsense_is_named() {
        let complaint = |bytes: &[u8]| Frame::read(&mut &bytes[..]).unwrap_err().to_string();
        assert_eq!(complaint(b"\0\0\0\0\x09\0\0\0"), "a frame of kind 9, which there is not");
        assert!(complaint(b"HTTP/1.1 200 OK").contains("kind 47"), "{}", complaint(b"HTTP/1.1 200 OK"));
        assert!(complaint(b"\xff\xff\xff\xff\x04\0\0\0").contains("4294967295 bytes"));
        assert_eq!(complaint(b"\x05\0\0\0\x04\0\0\0abc"), "the stream ended");
        assert_eq!(complaint(b"\x05\0"), "the stream ended");
        let frame = Frame { kind: Kind::Load, spent: false, body: vec![1, 2] };
        assert!(frame.u32_at(0).unwrap_err().to_string().contains("too short"));
        assert!(frame.text_after(3).unwrap_err().to_string().contains("too short"));
        assert!(Frame { body: vec![0xff], ..frame }.text().unwrap_err().to_string().contains("UTF-8"));
    }

    #[test]
    fn time_is_never_rounded_down_to_none() {
        assert_eq!(micros(Duration::from_nanos(1)), 1u64.to_le_bytes());
        assert_eq!(micros(Duration::MAX), u64::MAX.to_le_bytes());
        let frame = Frame { kind: Kind::Load, spent: false, body: micros(Duration::MAX).to_vec() };
        assert!(frame.micros_at(0).unwrap() > Duration::from_secs(1 << 40));
    }
}

//! Frames: length, kind, flags, body.

use std::io::{self, ErrorKind, Read, Write};

/// Kinds of requests, and of the reply that is no answer.
pub const HELLO: u8 = 1;
pub const CREATE: u8 = 2;
pub const LOAD: u8 = 3;
pub const CALL: u8 = 4;
pub const RESET: u8 = 5;
pub const HEAP: u8 = 6;
pub const ERROR: u8 = 255;

/// The flag that tells the host to drop this worker.
const SPENT: u8 = 1;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub body: Vec<u8>,
}

/// The next request; `None` when the host has hung up.
///
/// # Errors
/// What the stream says; an end in the middle of a frame is one.
pub fn read(from: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut head = [0; 8];
    match from.read(&mut head) {
        Ok(0) => return Ok(None),
        Ok(got) => from.read_exact(&mut head[got..])?,
        Err(error) if error.kind() == ErrorKind::Interrupted => from.read_exact(&mut head)?,
        Err(error) => return Err(error),
    }
    let [a, b, c, d, kind, ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    // Grows with what arrives, not with what the header promises.
    let mut body = Vec::with_capacity((length as usize).min(64 << 10));
    from.take(length.into()).read_to_end(&mut body)?;
    if body.len() < length as usize {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Frame { kind, body }))
}

/// Writes a reply.
///
/// # Errors
/// What the stream says; a body of more than 4 GiB is no frame.
pub fn write(to: &mut impl Write, kind: u8, spent: bool, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| ErrorKind::InvalidInput)?;
    let mut frame = Vec::with_capacity(8 + body.len());
    frame.extend(length.to_le_bytes());
    frame.extend([kind, if spent { SPENT } else { 0 }, 0, 0]);
    frame.extend(body);
    to.write_all(&frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_protocol() {
        let mut bytes = Vec::new();
        write(&mut bytes, CALL, true, b"7").unwrap();
        assert_eq!(bytes, b"\x01\0\0\0\x04\x01\0\x007");
        assert_eq!(read(&mut &bytes[..]).unwrap(), Some(Frame { kind: CALL, body: b"7".to_vec() }));
    }

    #[test]
    fn an_end_between_frames_is_no_error_and_one_within_is() {
        assert_eq!(read(&mut &b""[..]).unwrap(), None);
        for cut in [&b"\x05\0"[..], b"\x05\0\0\0\x04\0\0\0abc", b"\xff\xff\xff\xff\x04\0\0\0"] {
            assert_eq!(read(&mut &cut[..]).unwrap_err().kind(), ErrorKind::UnexpectedEof, "{cut:?}");
        }
    }
}

//! JSON text to Boa values.
//!
//! Boa's own `JSON.parse` checks the text with one parser, then parses it again as a script, compiles and
//! runs it, and refuses lone surrogates. Its conversion from `serde_json` values loses them too. This one
//! does what the specification says in one pass.

use boa_engine::object::builtins::JsArray;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsObject, JsString, JsValue};

/// Deepest nesting taken: parsing and, later, the engine's own stringification recurse natively.
const DEEPEST: usize = 1000;

/// The value of a JSON text.
///
/// # Errors
/// What is wrong with the text, and at which byte.
pub fn parse(text: &str, context: &mut Context) -> Result<JsValue, String> {
    let mut reader = Reader { text, at: 0, context };
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => reader.wrong("more text after the value"),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    context: &'a mut Context,
}

impl Reader<'_> {
    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("{what} at byte {}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Steps over `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    fn value(&mut self, depth: usize) -> Result<JsValue, String> {
        self.skip_space();
        if depth > DEEPEST {
            return self.wrong("nested deeper than 1000 levels, the most this adapter takes,");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(JsValue::from),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", JsValue::null()),
            Some(b't') => self.word("true", true.into()),
            Some(b'f') => self.word("false", false.into()),
            Some(_) => self.wrong("no JSON value"),
            None => self.wrong("the text ends"),
        }
    }

    fn word(&mut self, word: &str, value: JsValue) -> Result<JsValue, String> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.wrong("no JSON value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<JsValue, String> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_space();
        if !self.take(b']') {
            loop {
                elements.push(self.value(depth + 1)?);
                self.skip_space();
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return self.wrong("neither `,` nor `]`");
                }
            }
        }
        Ok(JsArray::from_iter(elements, self.context).into())
    }

    fn object(&mut self, depth: usize) -> Result<JsValue, String> {
        self.at += 1;
        let object = JsObject::with_object_proto(self.context.intrinsics());
        self.skip_space();
        if !self.take(b'}') {
            loop {
                self.skip_space();
                if self.peek() != Some(b'"') {
                    return self.wrong("no key");
                }
                let key = PropertyKey::from(self.string()?);
                self.skip_space();
                if !self.take(b':') {
                    return self.wrong("no `:`");
                }
                let value = self.value(depth + 1)?;
                // Not a setter, nor the prototype: every key makes an own property.
                let property = PropertyDescriptor::builder().value(value);
                object.insert_property(key, property.writable(true).enumerable(true).configurable(true));
                self.skip_space();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return self.wrong("neither `,` nor `}`");
                }
            }
        }
        Ok(object.into())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<JsValue, String> {
        let start = self.at;
        self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return self.wrong("no JSON number");
        }
        let mut is_whole = true;
        if self.take(b'.') {
            is_whole = false;
            if self.digits() == 0 {
                return self.wrong("no digit after the point");
            }
        }
        if self.take(b'e') || self.take(b'E') {
            is_whole = false;
            let _signed = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return self.wrong("no digit in the exponent");
            }
        }
        let text = &self.text[start..self.at];
        if is_whole
            && text != "-0"
            && let Ok(small) = text.parse::<i32>()
        {
            return Ok(small.into());
        }
        text.parse::<f64>().map(JsValue::from).or_else(|_| self.wrong("no JSON number"))
    }

    fn string(&mut self) -> Result<JsString, String> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let string = JsString::from(&self.text[start..self.at]);
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => return self.escaped_string(start),
                Some(0..=0x1f) => return self.wrong("a bare control character"),
                Some(_) => self.at += 1,
                None => return self.wrong("the text ends within a string"),
            }
        }
    }

    /// The string that began at `start` and has its first escape here. Built of UTF-16 units, for an escape
    /// may name half a pair.
    fn escaped_string(&mut self, start: usize) -> Result<JsString, String> {
        let mut units: Vec<u16> = Vec::new();
        let mut plain_from = start;
        loop {
            match self.peek() {
                Some(byte @ (b'"' | b'\\')) => {
                    units.extend(self.text[plain_from..self.at].encode_utf16());
                    self.at += 1;
                    if byte == b'"' {
                        return Ok(JsString::from(&*units));
                    }
                    units.push(self.escape()?);
                    plain_from = self.at;
                }
                Some(0..=0x1f) => return self.wrong("a bare control character"),
                Some(_) => self.at += 1,
                None => return self.wrong("the text ends within a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<u16, String> {
        let unit = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let digits = self.text.as_bytes().get(self.at..self.at + 4);
                let unit = digits.and_then(|digits| {
                    digits.iter().try_fold(0u16, |unit, digit| {
                        Some(unit << 4 | char::from(*digit).to_digit(16)? as u16)
                    })
                });
                let Some(unit) = unit else { return self.wrong("no four hexadecimal digits") };
                self.at += 4;
                return Ok(unit);
            }
            _ => return self.wrong("no escape that JSON knows"),
        };
        self.at += 1;
        Ok(unit.into())
    }
}

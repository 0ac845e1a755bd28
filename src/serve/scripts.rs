//! The scripts that are known by their code: the same code is the same script, so that a worker that has loaded it
//! once knows it again.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytesize::ByteSize;
use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::engine::Script;

/// Most scripts that are kept, and most bytes of their code in all. As many as one isolate holds: a larger cache would
/// know scripts that no worker has loaded any more.
const MOST_SCRIPTS: usize = 1024;
const MOST_CODE: ByteSize = ByteSize::mib(16);

/// A bounded cache of scripts by their code. The one unused for longest makes room.
pub struct Scripts(Mutex<Held>);

struct Held {
    scripts: LruCache<ByCode, ()>,
    bytes: usize,
}

/// A script that is found by its code. What is compared is the code itself: nobody gets another's script by a clash of
/// hashes.
struct ByCode(Arc<Script>);

impl Borrow<str> for ByCode {
    fn borrow(&self) -> &str {
        &self.0.body
    }
}

impl Hash for ByCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.body.hash(state);
    }
}

impl PartialEq for ByCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.body == other.0.body
    }
}

impl Eq for ByCode {}

impl Default for Scripts {
    fn default() -> Self {
        Self(Mutex::new(Held { scripts: LruCache::unbounded(), bytes: 0 }))
    }
}

impl Scripts {
    /// The script with that code.
    pub fn get(&self, code: &str) -> Arc<Script> {
        let mut held = self.0.lock();
        if let Some((ByCode(script), ())) = held.scripts.get_key_value(code) {
            return Arc::clone(script);
        }
        let script = Arc::new(Script::new(name(code), code));
        held.bytes += code.len();
        held.scripts.put(ByCode(Arc::clone(&script)), ());
        while held.scripts.len() > MOST_SCRIPTS || held.bytes as u64 > MOST_CODE.as_u64() {
            let Some((ByCode(oldest), ())) = held.scripts.pop_lru() else { break };
            held.bytes -= oldest.body.len();
        }
        script
    }
}

/// What stack traces and logs call it: the same for the same code, in every process.
fn name(code: &str) -> String {
    let hash = format!("{:x}", Sha256::digest(code));
    format!("script-{}", &hash[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(scripts: &Scripts) -> (usize, usize) {
        let held = scripts.0.lock();
        (held.scripts.len(), held.bytes)
    }

    #[test]
    fn the_same_code_is_the_same_script() {
        let scripts = Scripts::default();
        let first = scripts.get("return 1+1");
        assert!(Arc::ptr_eq(&first, &scripts.get("return 1+1")));
        assert!(!Arc::ptr_eq(&first, &scripts.get("return 1+2")));
        assert_eq!((first.body.as_str(), held(&scripts)), ("return 1+1", (2, 20)));
        assert!(first.name.starts_with("script-") && first.name != scripts.get("return 1+2").name);
    }

    #[test]
    fn ever_new_scripts_push_out_the_ones_unused_for_longest() {
        let scripts = Scripts::default();
        let (hot, cold) = (scripts.get("hot"), scripts.get("cold"));
        for n in 0..3 * MOST_SCRIPTS {
            scripts.get(&format!("return {n}"));
            assert!(Arc::ptr_eq(&hot, &scripts.get("hot")), "in use all the time");
        }
        assert_eq!(held(&scripts).0, MOST_SCRIPTS);
        assert!(!Arc::ptr_eq(&cold, &scripts.get("cold")));
    }

    #[test]
    fn their_code_is_bounded_too() {
        let scripts = Scripts::default();
        for n in 0..50 {
            scripts.get(&format!("{n}{}", " ".repeat(1 << 20)));
        }
        let (count, bytes) = held(&scripts);
        assert_eq!(count, 15, "sixteen with a mebibyte and a digit or two are too many");
        assert!(bytes as u64 <= MOST_CODE.as_u64());
        scripts.get(&" ".repeat(MOST_CODE.as_u64() as usize + 1));
        assert_eq!(held(&scripts), (0, 0), "nothing holds what is longer than the cache");
    }
}

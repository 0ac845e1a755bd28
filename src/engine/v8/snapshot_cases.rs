//! Cases of what a snapshot of V8's heap holds, and what keeps one from being made.

use super::super::super::{JsEngine, JsError, Script};
use super::cases::{limits, soon};

/// The engine has snapshots, whose contract is tested elsewhere; and what of a heap none can hold.
pub(in super::super) fn snapshots(engine: &dyn JsEngine) {
    let load = |setup: &str, body: &str| {
        let script = Script { setup: vec![setup.to_owned()], ..Script::new("case", body) };
        let snapshot = engine.snapshot(&limits(64), &script, &soon())?.expect("V8 has them");
        let mut isolate = engine.create_from(&limits(64), &script, &snapshot)?;
        let script = isolate.load_prepared(&script, &snapshot, &soon())?;
        isolate.call(script, "null", &soon())
    };
    for (setup, body, expected) in [
        ("var a = 1", "return [a, typeof this.Deno?.core?.ops?.op_panic]", "[1,\"undefined\"]"),
        (
            "globalThis.globalThis = {}; globalThis = 1",
            "return typeof this.Deno?.core?.eventLoopTick",
            "\"undefined\"",
        ),
        ("Error = JSON = Array = Promise = undefined", "await 0; throw new TypeError('t')", "t"),
        ("queueMicrotask = () => 'mine'", "return queueMicrotask()", "\"mine\""),
        (
            "const bytes = new Uint8Array([1, 2]), shared = bytes.buffer",
            "return [bytes[1], shared.byteLength]",
            "[2,2]",
        ),
        ("const p = new Promise(r => { globalThis.r = r }).then(x => x + 1)", "r(1); return p", "2"),
        (
            "let m = [0, 97, 115, 109, 1, 0, 0, 0]",
            "return String(new WebAssembly.Instance(await WebAssembly.compile(new Uint8Array(m))))",
            "\"[object WebAssembly.Instance]\"",
        ),
    ] {
        let got = match load(setup, body) {
            Err(JsError::Exception { message, .. }) => Ok(message),
            got => got,
        };
        assert_eq!(got.as_deref(), Ok(expected), "{setup}");
    }
    for setup in [
        "Deno = 1",
        "Object.defineProperty(globalThis, 'Deno', {value: 1})",
        "Object.defineProperty(globalThis, 'Deno', {get() { throw 1 }})",
        "Object.preventExtensions(globalThis)",
        "Error.stackTraceLimit = 5",
    ] {
        let got = load(setup, "return 1");
        assert!(
            matches!(&got, Err(JsError::Engine(why)) if why.starts_with("no snapshot")),
            "{setup}: {got:?}"
        );
    }
}

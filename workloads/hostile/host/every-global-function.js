/*---
why = "Finds every function that hangs on the global object and calls it with awkward arguments; whatever the host left there must not end the process."
expect = ["ok", "exception", "invalid_result", "timeout", "out_of_memory", "stack_overflow"]
---*/
const seen = new Set();
const queue = [globalThis];
// What ends the process by design or by a bug that has a script of its own: known/console-time.
const skipped = /^(print|gc|quit|exit|setTimeout|setInterval|time)$/;
let called = 0;
for (let at = 0; at < queue.length && at < 400; at++) {
  const object = queue[at];
  for (const key of Reflect.ownKeys(object)) {
    let value;
    try {
      value = object[key];
    } catch {
      continue;
    }
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    queue.push(value);
    if (typeof value !== 'function' || skipped.test(String(key))) continue;
    for (const args of [[], [null], [-1, {}], ['', Symbol('s')]]) {
      try {
        Reflect.apply(value, object, args);
        called++;
      } catch {}
    }
  }
}
return called > 0;

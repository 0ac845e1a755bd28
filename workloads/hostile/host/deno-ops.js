/*---
why = "Calls what Deno leaves reachable from scripts, among it operations that panic; a panic there ends the process."
expect = ["ok"]
---*/
const core = globalThis.Deno && Deno.core;
const ops = (core && core.ops) || {};
const failures = [];
const attempts = {
  op_panic: ['panic on purpose'],
  op_now: [new Uint8Array(8)],
  op_set_exit_code: [3],
  op_exit: [],
  op_write_sync: [1, new Uint8Array(1)],
  op_eval_context: ['1', 'x'],
  op_close: [0],
  op_resources: [],
};
for (const name of Object.keys(attempts)) {
  if (typeof ops[name] !== 'function') continue;
  try {
    ops[name](...attempts[name]);
    failures.push(name);
  } catch {}
}
return failures.filter((name) => name === 'op_panic' || name === 'op_now');

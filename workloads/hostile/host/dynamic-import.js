/*---
why = "Imports files, modules of the host and data addresses; a loader that is there by default reads what it should not."
expect = ["ok", "exception", "invalid_result"]
[engines]
boa = ["ok", "exception", "invalid_result", "panic"]
---*/
const loaded = [];
for (const from of ['node:fs', 'fs', 'std', 'os', './main.js', '/etc/hostname', 'data:text/javascript,export default 1']) {
  try {
    await import(from);
    loaded.push(from);
  } catch {}
}
return loaded;

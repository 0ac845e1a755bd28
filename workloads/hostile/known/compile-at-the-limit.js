/*---
why = "Fills the heap to the brim and then compiles, catching every failure; QuickJS has died of a signal where its compiler met the end of memory."
expect = ["out_of_memory", "timeout"]
[engines]
quickjs = ["out_of_memory", "timeout", "crash"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const kept = [];
let held = 0;
for (let size = 1 << 22; size >= 16; size >>= 1) {
  try {
    while (held < 1 << 30) {
      kept.push('z'.repeat(size - 1) + kept.length);
      held += size;
    }
  } catch {}
}
for (let i = 0; i < 20000; i++) {
  try {
    new Function(`a${i}`, `class K${i} { m() { try { return /x${i}/ } catch (e) { for (const q of [e]) yield_${i}(q) } } } return K${i}`);
    kept.push(`${i}-`.repeat(50));
  } catch {}
}
return kept.length;

/*---
why = "Chains weak map entries so that each value keeps the next key alive; collectors walk such tables over and over before they give up."
expect = ["out_of_memory", "timeout"]
[engines]
boa = ["timeout", "crash", "panic", "ok", "out_of_memory"]
---*/
const tables = new WeakMap();
const first = {};
let key = first;
for (let i = 0; i < 120000; i++) {
  const next = { before: i, load: new Array(500).fill(i) };
  tables.set(key, next);
  key = next;
}
return tables.has(first);

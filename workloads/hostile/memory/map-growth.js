/*---
why = "Fills a map under long keys; tables double as they grow, so that one step asks for as much as all before it."
expect = ["out_of_memory", "exception", "timeout"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const map = new Map();
const set = new Set();
for (let i = 0; i < 60000; i++) {
  const key = String(i).padStart(8000, '0');
  map.set(key, i);
  set.add(key + '!');
}
return map.size + set.size;

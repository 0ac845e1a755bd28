/*---
why = "Makes arrays of nothing but holes, which cost nothing, and then fills them, so that each turns from sparse to dense at once."
expect = ["out_of_memory", "timeout", "exception"]
[engines]
rustyscript = ["out_of_memory", "timeout", "exception", "crash"]
deno_core = ["out_of_memory", "timeout", "exception", "crash"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const lists = [];
for (let n = 0; n < 640; n++) {
  const list = [];
  list.length = 100000;
  lists.push(list);
}
for (const list of lists) list.fill(0.5);
return lists.length;

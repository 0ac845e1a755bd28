/*---
why = "Keeps a chain of closures, each over a scope with a list of its own; garbage by the look of it, and all of it reachable."
expect = ["out_of_memory", "timeout"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
let tail = () => 0;
for (let i = 0; i < 16000; i++) {
  const before = tail;
  const mine = new Array(4000).fill(i);
  tail = () => [before, mine];
}
return typeof tail;

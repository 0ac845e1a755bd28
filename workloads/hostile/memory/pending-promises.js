/*---
why = "Piles up reactions of one promise that never settles; they are memory that no variable of the script holds."
expect = ["out_of_memory", "timeout"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const gate = new Promise(() => {});
for (let i = 0; i < 16000; i++) {
  const load = new Array(4000).fill(i);
  gate.then(() => load);
  if (i % 100 === 0) await null;
}
return 'all waiting';

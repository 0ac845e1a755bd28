/*---
why = "Pushes arrays of four thousand numbers until a gigabyte is held; the plainest leak there is."
expect = ["out_of_memory", "timeout"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const rows = [];
for (let i = 0; i < 16000; i++) rows.push(new Array(4096).fill(i));
return rows.length;

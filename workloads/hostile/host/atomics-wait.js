/*---
why = "Blocks its thread on shared memory that nobody will ever notify; no instruction runs, so counting them stops nothing."
expect = ["timeout", "exception", "ok"]
[engines]
quickjs = ["exception"]
---*/
const cell = new Int32Array(new SharedArrayBuffer(16));
return Atomics.wait(cell, 1, 0);

/*---
why = "Waits for shared memory without blocking and without a time limit; the promise is pending and no job will settle it."
expect = ["timeout", "exception", "invalid_result"]
---*/
const cell = new Int32Array(new SharedArrayBuffer(16));
const waiting = Atomics.waitAsync(cell, 0, 0);
return await waiting.value;

/*---
why = "Takes and touches a gigabyte of array buffers, which in some engines lie outside the heap that the limit counts."
expect = ["out_of_memory", "exception", "crash", "timeout"]
[engines]
deno_core = ["out_of_memory", "exception", "crash", "timeout", "ok"]
rustyscript = ["out_of_memory", "exception", "crash", "timeout", "ok"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const blocks = [];
for (let i = 0; i < 64; i++) blocks.push(new Uint8Array(16 << 20).fill(i + 1));
return blocks.length;

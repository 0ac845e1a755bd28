/*---
why = "Takes WebAssembly memories of sixteen megabytes and touches every page, up to half a gigabyte that no JavaScript heap limit counts."
expect = ["out_of_memory", "exception", "crash", "timeout", "ok"]
---*/
if (typeof WebAssembly !== 'object') return 'no WebAssembly';
const memories = [];
for (let i = 0; i < 32; i++) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 256 });
  memory.grow(255);
  new Uint8Array(memory.buffer).fill(0x5a);
  memories.push(memory);
}
return memories.length;

/*---
why = "Spreads an iterator that does not say when it ends into one array; the loop that grows is the engine's own."
expect = ["out_of_memory", "timeout"]
[engines]
rustyscript = ["out_of_memory", "timeout", "crash"]
deno_core = ["out_of_memory", "timeout", "crash"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
let left = 60000000;
const flood = {
  [Symbol.iterator]() {
    return { next: () => ({ done: left-- === 0, value: left }) };
  },
};
return [...flood].length;

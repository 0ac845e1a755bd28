/*---
why = "Splits a string into more letters than a V8 array can hold: V8 takes that for a bug of its own and aborts the process instead of throwing."
expect = ["out_of_memory", "timeout", "exception"]
[engines]
deno_core = ["crash", "out_of_memory", "timeout"]
rustyscript = ["crash", "out_of_memory", "timeout"]
boa = ["timeout", "crash", "out_of_memory"]
[hosts]
task = ["deno_core", "rustyscript", "boa"]
thread = ["deno_core", "rustyscript", "boa"]
---*/
return 'k'.repeat(2 ** 27 + 9).split('').length;

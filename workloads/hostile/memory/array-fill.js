/*---
why = "Asks for one array of sixty million elements in a single call; the limit is met inside a builtin and not between statements."
expect = ["out_of_memory", "exception", "timeout"]
[engines]
rustyscript = ["out_of_memory", "exception", "timeout", "crash"]
deno_core = ["out_of_memory", "exception", "timeout", "crash"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const zeros = new Array(60000000).fill(0);
return zeros.length;

/*---
why = "Turns one long string into an array of its letters, twenty times as large, in a single call that no statement can stop half way."
expect = ["out_of_memory", "exception", "timeout"]
[engines]
rustyscript = ["out_of_memory", "exception", "timeout", "crash", "ok"]
deno_core = ["out_of_memory", "exception", "timeout", "crash", "ok"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
return 'abcdefgh'.repeat(5000000).split('').length;

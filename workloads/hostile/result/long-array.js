/*---
why = "Answers with an array of four billion holes, each four letters long as text; a tiny object becomes sixteen gigabytes of null."
expect = ["timeout", "out_of_memory", "invalid_result"]
[engines]
boa = ["timeout", "crash"]
deno_core = ["timeout", "out_of_memory", "invalid_result", "crash"]
rustyscript = ["timeout", "out_of_memory", "invalid_result", "crash"]
---*/
const list = [];
list.length = 4294967295;
return list;

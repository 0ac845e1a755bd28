/*---
why = "Sorts an array of four billion holes; the loop over them runs in the engine's own code, where many never look at the clock."
expect = ["timeout", "ok"]
[engines]
boa = ["crash", "timeout"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const list = [];
list.length = 4294967295;
list[7] = 'b';
list[4294967294] = 'a';
list.sort();
return list[0];

/*---
why = "Nests arrays a hundred thousand deep and turns them into text; join calls itself natively for every level."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash", "stack_overflow", "exception"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
let list = ['core'];
for (let i = 0; i < 100000; i++) list = [list];
return String(list);

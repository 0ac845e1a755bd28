/*---
why = "Evaluates an array literal nested fifty thousand deep: parsing, compiling and making it all recurse."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const depth = 50000;
return (0, eval)('['.repeat(depth) + ']'.repeat(depth)).length;

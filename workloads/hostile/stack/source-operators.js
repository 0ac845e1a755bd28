/*---
why = "Adds half a million terms in one expression: parsed in a loop, but compiled down a tree that leans to one side."
expect = ["stack_overflow", "exception", "timeout", "ok"]
[engines]
boa = ["crash", "timeout"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
return (0, eval)('1' + '+1'.repeat(500000));

/*---
why = "Compiles a pattern of two hundred thousand nested groups; the regular expression compiler has a recursion of its own."
expect = ["exception", "stack_overflow", "timeout", "ok"]
[engines]
boa = ["crash", "exception"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const depth = 200000;
return new RegExp('(?:'.repeat(depth) + 'a' + ')'.repeat(depth)).test('a');

/*---
why = "Answers with an object nested a hundred thousand deep; the host's own conversion of the result recurses and overflows."
expect = ["invalid_result", "stack_overflow"]
[engines]
boa = ["crash", "invalid_result", "stack_overflow", "timeout"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
let result = { leaf: true };
for (let i = 0; i < 100000; i++) result = { inner: result };
return result;

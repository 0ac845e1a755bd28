/*---
why = "Compiles two hundred thousand negations in a row; prefix operators nest as deeply as brackets and are counted by fewer checks."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
return (0, eval)('!'.repeat(200000) + 'input');

/*---
why = "Compiles ten thousand functions each inside the last; every level is parsed twice where a parser guesses and goes back."
expect = ["stack_overflow", "exception", "ok", "timeout"]
[engines]
boa = ["crash", "timeout"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const depth = 10000;
return typeof new Function('return ' + '(a=>'.repeat(depth) + '1' + ')'.repeat(depth))();

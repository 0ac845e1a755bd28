/*---
why = "Compiles a hundred thousand nested parentheses at run time; a recursive descent parser without a depth check dies of a signal."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const depth = 100000;
return new Function('return ' + '('.repeat(depth) + '1' + ')'.repeat(depth))();

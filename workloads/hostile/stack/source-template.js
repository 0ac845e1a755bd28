/*---
why = "Nests template literals in each other's substitutions; lexer and parser call each other for every level."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const depth = 60000;
return (0, eval)('`${'.repeat(depth) + '0' + '}`'.repeat(depth));

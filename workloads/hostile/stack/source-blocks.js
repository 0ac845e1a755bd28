/*---
why = "Compiles eighty thousand blocks within each other; statements nest too, and each brings a scope."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const depth = 80000;
return new Function('{'.repeat(depth) + 'return 1' + '}'.repeat(depth))();

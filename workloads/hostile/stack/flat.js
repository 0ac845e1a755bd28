/*---
why = "Flattens an array that contains itself, to a depth without end; the builtin recurses and no script code runs at all."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["crash", "stack_overflow", "exception"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
const ring = [1];
ring.push(ring);
return ring.flat(Infinity).length;

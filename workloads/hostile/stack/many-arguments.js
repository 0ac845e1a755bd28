/*---
why = "Hands ten million arguments to one call; they are copied onto the stack, all at once."
expect = ["stack_overflow", "exception", "out_of_memory"]
[engines]
boa = ["stack_overflow", "exception", "crash", "timeout", "ok"]
---*/
return Math.max.apply(null, new Array(10000000));

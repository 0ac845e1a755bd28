/*---
why = "Recurses without end where a function goes on after an await; the overflow has no caller left to be told to."
expect = ["stack_overflow", "exception"]
[engines]
boa = ["stack_overflow", "exception", "invalid_result", "panic"]
---*/
const sum = (n) => n + sum(n + 1);
await null;
return sum(1);

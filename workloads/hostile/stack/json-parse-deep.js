/*---
why = "Parses JSON of a million brackets; a recursive parser has one native frame for each."
expect = ["stack_overflow", "exception", "ok", "invalid_result", "out_of_memory", "timeout"]
---*/
const depth = 1000000;
const parsed = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
return parsed.length;

/*---
why = "Makes numbers of a hundred kilobytes each by shifting; arithmetic allocates too, and not where arrays and strings do."
expect = ["out_of_memory", "exception", "timeout"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const numbers = [];
for (let i = 0n; i < 8192n; i++) numbers.push((1n << 1040000n) + i);
return numbers.length;

/*---
why = "Gives one object property names that were never used before; names are interned, and some engines never let one go."
expect = ["out_of_memory", "timeout", "exception"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const record = {};
for (let i = 0; i < 100000; i++) record[i.toString(36).padEnd(10000, '-')] = i;
return Object.keys(record).length;

/*---
why = "Registers symbols by long names and drops them at once; the registry of an isolate may hold them until it dies."
expect = ["out_of_memory", "timeout", "ok"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
for (let i = 0; i < 100000; i++) Symbol.for(String(i).padEnd(10000, '.'));
return 'registered';

/*---
why = "Parses tens of megabytes of JSON that make almost no object; a parser that never polls holds the thread for all of it."
expect = ["timeout", "ok", "out_of_memory"]
[engines]
boa = ["timeout", "ok", "crash"]
---*/
const text = '{' + '"k":[0,1],'.repeat(4000000) + '"end":1}';
return JSON.parse(text).end;

/*---
why = "Compiles a new function of a thousand statements each time round and keeps it; code is memory as well, in its own corner of the heap."
expect = ["out_of_memory", "timeout"]
[engines]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const line = 'x = x * 3 + y; y = x % 7 + "text"; ';
const compiled = [];
for (let i = 0; i < 5000; i++) {
  compiled.push(new Function('x', 'y', `${line.repeat(1000)} return x + ${i}`));
  compiled[i](1, 2);
}
return compiled.length;

/*---
why = "Doubles a flat string and keeps each length, up to a gigabyte; without a heap limit a few statements take the machine's memory."
expect = ["out_of_memory", "exception", "timeout"]
[engines]
rustyscript = ["out_of_memory", "exception", "timeout", "crash"]
deno_core = ["out_of_memory", "exception", "timeout", "crash"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
const kept = [];
let text = 'flat';
let held = 0;
while (held < 1 << 30) {
  text = (text + text).split('').join('');
  kept.push(text);
  held += text.length;
}
return kept.length;

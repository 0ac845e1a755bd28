/*---
why = "Doubles a string that engines keep as a rope, which costs nothing until one search makes all of it flat at once."
expect = ["out_of_memory", "exception", "timeout"]
[engines]
rustyscript = ["out_of_memory", "exception", "timeout", "crash"]
deno_core = ["out_of_memory", "exception", "timeout", "crash"]
boa = ["timeout", "crash", "ok", "out_of_memory"]
---*/
let rope = 'rope of strands, ';
for (let i = 0; i < 24; i++) rope = rope + rope;
const texts = [];
for (let i = 0; i < 4; i++) {
  const text = i + rope;
  text.indexOf('needle');
  texts.push(text);
}
return texts.length;

/*---
why = "Sorts eight million scrambled doubles with the built-in order: no callback, so nowhere to stop."
expect = ["timeout", "ok", "out_of_memory"]
---*/
// Scrambled by copying alone, so that the time goes into sort and not into preparing it.
const numbers = new Float64Array(8 << 20);
for (let i = 0; i < 997; i++) numbers[i] = (i * 7919) % 997;
for (let filled = 997; filled < numbers.length; filled *= 2) numbers.copyWithin(filled, 0, filled);
numbers.sort();
return numbers[0];

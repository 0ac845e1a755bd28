/*---
why = "Draws from a generator that never ends and refuses to be closed; the loop is half in the consumer and half in the generator."
expect = ["timeout"]
---*/
function* numbers() {
  for (let i = 0; ; i++) {
    try {
      yield i & 0xff;
    } finally {
      continue;
    }
  }
}
let sum = 0;
for (const n of numbers()) sum = (sum + n) | 0;
return sum;

/*---
why = "Iterates an async generator that never ends, a handful of promise jobs for each turn; no call into the engine is ever the last."
expect = ["timeout"]
---*/
async function* ticks() {
  for (let i = 0; ; i ^= 1) yield i;
}
let seen = 0;
for await (const tick of ticks()) seen += tick;
return seen;

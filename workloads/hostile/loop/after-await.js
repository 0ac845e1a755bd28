/*---
why = "Loops where an async function goes on after an await, outside the call the host made; a deadline that ends with that call never fires."
expect = ["timeout"]
---*/
let turns = 1;
await null;
for (;;) turns = -turns;

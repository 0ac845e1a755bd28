/*---
why = "Hits a debugger statement in a hot loop; with a debugger half attached each one stops the thread."
expect = ["ok", "timeout"]
---*/
let stops = 0;
for (let i = 0; i < 5000; i++) {
  debugger;
  stops++;
}
return stops;

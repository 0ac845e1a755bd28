/*---
why = "Awaits in an endless loop, so that no single job is long; a host that drains the queue to its end never gets there."
expect = ["timeout"]
---*/
for (let i = 0; ; i = (i + 1) % 1000) await i;

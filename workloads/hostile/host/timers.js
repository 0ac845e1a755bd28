/*---
why = "Sets thousands of timers and intervals that outlive the script; where there are any, they fire into later jobs or keep the loop alive."
expect = ["ok", "exception", "timeout"]
---*/
if (typeof setTimeout !== 'function') return 'no timers';
for (let i = 0; i < 2000; i++) setTimeout(() => { globalThis.late = i; }, i % 7);
if (typeof setInterval === 'function') setInterval(() => { globalThis.tick = (globalThis.tick || 0) + 1; }, 1);
return 'set';

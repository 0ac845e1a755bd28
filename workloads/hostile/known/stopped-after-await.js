/*---
why = "Loops after an await with a timer pending, the shape in which RustyScript's own timeout never comes (rscarson/rustyscript issue 392)."
expect = ["timeout"]
---*/
if (typeof setTimeout === 'function') setTimeout(() => {}, 3600000);
await Promise.resolve();
for (let i = 0; ; i = (i + 3) % 11);

/*---
why = "Loops in a promise job, after the function itself has returned; a host that watches only the call waits for ever."
expect = ["timeout"]
---*/
return Promise.resolve(7).then((seven) => {
  for (let i = seven; i > 0; i++) i = seven;
});

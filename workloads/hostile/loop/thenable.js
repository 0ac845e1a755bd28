/*---
why = "Resolves with a thenable whose then never returns; settling a promise runs guest code in a job of its own."
expect = ["timeout"]
---*/
const slow = {
  then(resolve) {
    for (;;) resolve = resolve.bind ? resolve : null;
  },
};
return await slow;

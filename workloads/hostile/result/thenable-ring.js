/*---
why = "Resolves with a thenable that resolves with another, without end; settling the answer is an endless chain of jobs."
expect = ["timeout"]
---*/
const ring = () => ({
  then(resolve) {
    resolve(ring());
  },
});
return Promise.resolve(ring());

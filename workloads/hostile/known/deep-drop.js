/*---
why = "Drops a list of three hundred thousand nested objects, closures and maps at once; collectors and destructors that recurse overflow where no script runs."
expect = ["ok", "out_of_memory", "timeout"]
[engines]
boa = ["ok", "timeout", "crash", "panic"]
---*/
let chain = null;
for (let i = 0; i < 300000; i++) {
  const before = chain;
  chain = i % 3 === 0 ? [before] : i % 3 === 1 ? { before } : () => before;
}
chain = null;
const churn = [];
for (let i = 0; i < 50000; i++) churn.push({ i });
return churn.length;

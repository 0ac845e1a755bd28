/*---
why = "Each promise job queues the next one while the answer is already there; draining the queue without a deadline never ends."
expect = ["timeout"]
---*/
let turns = 0;
const again = () => {
  turns++;
  Promise.resolve().then(again);
};
again();
return turns;

/*---
why = "Throws, but leaves promise jobs that wait; unless they are dropped, they run in the next job's time and realm."
expect = ["exception", "timeout"]
---*/
let turn = 0;
const haunt = () => {
  globalThis.ghost = ++turn;
  return turn < 1000 ? Promise.resolve().then(haunt) : turn;
};
Promise.resolve().then(haunt);
throw new Error('looks finished');

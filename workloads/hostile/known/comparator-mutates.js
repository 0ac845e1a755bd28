/*---
why = "Empties, refills and reverses an array while it is being sorted; engines have read freed elements here, and Boa panics when the order contradicts itself."
expect = ["ok", "exception"]
[engines]
boa = ["panic", "ok", "exception", "timeout"]
---*/
const list = Array.from({ length: 500 }, (_, i) => (i * 37) % 101);
let calls = 0;
list.sort((a, b) => {
  if (++calls % 50 === 0) {
    list.length = 0;
    for (let i = 0; i < 700; i++) list.push({ valueOf: () => i });
    list.reverse();
  }
  return calls % 3 - 1;
});
return list.length > 0;

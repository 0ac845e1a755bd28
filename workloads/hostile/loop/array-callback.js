/*---
why = "Loops in the callback of an array method; where only the script's own frames are budgeted, this one is not."
expect = ["timeout"]
---*/
return [1, 2, 3].map((n) => {
  let product = n;
  for (;;) product = (product * 31) % 65521;
});

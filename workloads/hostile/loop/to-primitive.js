/*---
why = "Arithmetic coerces an object whose conversion never ends; addition runs guest code."
expect = ["timeout"]
---*/
const number = {
  [Symbol.toPrimitive](hint) {
    while (hint) hint = hint.slice(1) + hint[0];
  },
};
return 1 + number;

/*---
why = "Recurses through a callback of an array method, so that script frames and native frames take turns on the stack."
expect = ["stack_overflow"]
---*/
const nest = (list) => list.map((item) => nest([item, item]));
return nest([1]);

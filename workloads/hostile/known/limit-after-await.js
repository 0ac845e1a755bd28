/*---
why = "Meets the recursion limit inside an awaited function, where Boa holds that it cannot be and panics."
expect = ["stack_overflow", "exception", "timeout"]
[engines]
boa = ["stack_overflow", "panic", "invalid_result", "timeout"]
---*/
async function meet() {
  await meet();
}
const both = await Promise.allSettled([meet(), meet()]);
await meet();
return both.length;

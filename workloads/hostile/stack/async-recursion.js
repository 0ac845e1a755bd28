/*---
why = "An async function awaits itself without end; frames that are suspended are heap, and those that are not are stack."
expect = ["stack_overflow", "out_of_memory", "timeout"]
[engines]
boa = ["stack_overflow", "timeout", "crash", "invalid_result", "panic"]
---*/
async function deeper(n) {
  return (await deeper(n + 1)) + n;
}
return await deeper(0);

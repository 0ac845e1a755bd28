/*---
why = "Recurses twice at every level, swallowing the overflow each time; bounded stack and unbounded time, two to the power of the depth."
expect = ["timeout"]
[engines]
boa = ["timeout", "stack_overflow"]
---*/
function ladder() {
  try {
    ladder();
  } catch {}
  try {
    ladder();
  } catch {}
}
ladder();

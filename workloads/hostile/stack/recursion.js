/*---
why = "Calls itself without end; not contained, the native stack runs into its guard page and the process dies of a signal."
expect = ["stack_overflow"]
---*/
function down(n) {
  return 1 + down(n + 1);
}
return down(0);

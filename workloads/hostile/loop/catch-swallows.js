/*---
why = "Catches whatever is thrown into its loop and loops on; an interruption that is an ordinary exception is swallowed."
expect = ["timeout"]
---*/
function spin() {
  for (;;) {
    try {
      for (let i = 0; i < 1e9; i++);
      throw new Error('round over');
    } catch {
      continue;
    }
  }
}
for (;;) {
  try {
    spin();
  } catch {}
}

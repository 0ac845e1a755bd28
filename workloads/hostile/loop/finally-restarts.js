/*---
why = "Restarts its loop from a finally block, nested three times; an interruption that runs finally blocks never gets out."
expect = ["timeout"]
---*/
const forever = (depth) => {
  for (;;) {
    try {
      if (depth === 0) for (;;);
      forever(depth - 1);
    } finally {
      continue;
    }
  }
};
forever(3);

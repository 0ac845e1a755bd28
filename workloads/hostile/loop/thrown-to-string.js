/*---
why = "Throws an object whose toString never ends; the host that puts the exception into words hangs after the script is over."
expect = ["timeout"]
---*/
throw {
  toString() {
    for (;;);
  },
};

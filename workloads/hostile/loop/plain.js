/*---
why = "A bare loop that allocates nothing and calls nothing; not contained, it keeps a core for ever."
expect = ["timeout"]
---*/
let n = 0;
while (true) {
  n = (n + 1) | 0;
}

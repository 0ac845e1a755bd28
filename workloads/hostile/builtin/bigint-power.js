/*---
why = "One exponentiation with an answer of four megabytes; big arithmetic is a single instruction that runs for as long as it likes."
expect = ["timeout", "ok", "exception"]
---*/
const big = 7n ** 12000000n;
return big > 0n;

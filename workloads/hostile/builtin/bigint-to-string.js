/*---
why = "Writes numbers of three hundred thousand digits in decimal, quadratic in an engine that divides by ten, and many of them in one call."
expect = ["timeout", "ok"]
---*/
const big = (1n << 1040000n) - 1n;
return new Array(60).fill(big).join(',').length;

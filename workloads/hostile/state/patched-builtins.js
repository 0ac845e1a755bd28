/*---
why = "Replaces builtins that every script trusts with others that lie; the next job counts and parses wrongly."
expect = ["ok"]
---*/
Array.prototype.map = function () {
  return ['patched'];
};
Array.prototype.push = () => 0;
Math.max = () => -1;
JSON.parse = () => ({ patched: true });
JSON.stringify = () => '"patched"';
Date.now = () => 0;
Math.random = () => 0.5;
return [1, 2].map((n) => n * 2);

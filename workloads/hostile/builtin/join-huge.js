/*---
why = "Joins four billion holes with nothing between them: a tiny answer after a very long walk through one builtin."
expect = ["timeout", "ok"]
---*/
return new Array(4294967295).join('').length;

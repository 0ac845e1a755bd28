/*---
why = "Reverses an empty array-like of astronomic length; the builtin asks for every index and finds nothing."
expect = ["timeout"]
---*/
Array.prototype.reverse.call({ length: 2 ** 52 });
return 'reversed';

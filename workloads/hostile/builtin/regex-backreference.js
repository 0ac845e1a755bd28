/*---
why = "Backreferences under nested quantifiers, which no linear-time engine can take over; time doubles with each letter."
expect = ["timeout"]
---*/
return /^(x+)(x+)*\1(x+)+\2y$/.test('x'.repeat(64));

/*---
why = "Searches an array-like that claims two to the 53rd elements; one call into a builtin that would end after weeks."
expect = ["timeout"]
---*/
return Array.prototype.indexOf.call({ length: Number.MAX_SAFE_INTEGER }, 'needle');

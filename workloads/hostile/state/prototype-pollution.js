/*---
why = "Adds properties to every object through Object.prototype; the next job reads them as if they were its own."
expect = ["ok"]
---*/
Object.prototype.isAdmin = true;
Object.prototype.role = 'owner';
Array.prototype.total = 1e6;
return [{}.isAdmin, [].total];

/*---
why = "Leaves data and functions in the global scope in every way there is, some of them not to be deleted."
expect = ["ok"]
---*/
undeclared = 'sloppy';
this.own = 'this';
globalThis.cache = new Map([['user', 'secret']]);
Object.defineProperty(globalThis, 'pinned', { value: 'for good', configurable: false });
(0, eval)('var hoisted = "eval"; function planted() { return cache; }');
return [typeof undeclared, typeof own, typeof pinned, typeof hoisted, typeof planted];

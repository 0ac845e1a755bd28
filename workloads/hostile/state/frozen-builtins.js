/*---
why = "Freezes the objects that all others inherit from; innocent assignments of the next job fail, silently or not."
expect = ["ok"]
---*/
for (const name of ['Object', 'Array', 'Function', 'String', 'Error', 'Promise']) {
  Object.freeze(globalThis[name]);
  Object.freeze(globalThis[name].prototype);
}
Object.preventExtensions(globalThis);
return Object.isFrozen(Object.prototype);

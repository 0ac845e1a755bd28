/*---
why = "Replaces then, resolve and the species of promises; every await of later jobs is the guest's to answer, or never to."
expect = ["ok", "invalid_result", "timeout"]
---*/
Promise.prototype.then = function () {
  return this;
};
Promise.resolve = () => ({ then() {} });
Object.defineProperty(Promise, Symbol.species, { value: null });
return 'patched';

/*---
why = "Puts a proxy behind the global object, so that every misspelt or missing name of later scripts is answered by the guest."
expect = ["ok", "exception"]
---*/
const answers = new Proxy(Object.create(null), {
  has: (target, name) => name === 'missingName',
  get: (target, name) => (name === 'missingName' ? 'answered' : undefined),
});
Object.setPrototypeOf(globalThis, answers);
return missingName;

/*---
why = "Lets builtins build their result in an object that the guest chose and that is too short or of another kind; a writer that trusts its own length writes past the end."
expect = ["ok", "exception"]
[engines]
boa = ["ok", "exception", "panic"]
---*/
class Short extends Array {
  static get [Symbol.species]() {
    return function () {
      return new Proxy([], { defineProperty: () => true, set: () => true });
    };
  }
}
class Tiny extends Float64Array {
  static get [Symbol.species]() {
    return function () {
      return new Float64Array(1);
    };
  }
}
const names = [];
const source = Short.from([1, 2, 3, 4, 5, 6, 7, 8]);
for (const method of ['slice', 'splice', 'concat', 'flat', 'map', 'filter']) {
  try {
    names.push(typeof source[method]((n) => n, 3));
  } catch (error) {
    names.push(error.name);
  }
}
for (const method of ['slice', 'map', 'filter', 'subarray']) {
  try {
    names.push(typeof Tiny.from([1, 2, 3, 4])[method]((n) => n, 3));
  } catch (error) {
    names.push(error.name);
  }
}
return names.length;

/*---
why = "Replaces the array iterator, so that destructuring, spread and for-of of all later code go through the guest."
expect = ["ok", "exception", "invalid_result"]
---*/
Array.prototype[Symbol.iterator] = function* () {
  yield 'intercepted';
};
const [first] = [1, 2, 3];
return first;

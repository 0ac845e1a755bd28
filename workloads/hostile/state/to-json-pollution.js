/*---
why = "Gives every object a toJSON, so that from now on each answer of this isolate says what the first guest wanted."
expect = ["ok", "invalid_result"]
---*/
Object.prototype.toJSON = function () {
  return typeof this === 'object' ? 'stolen' : this;
};
return 1;

/*---
why = "Answers well, and makes a builtin that every job uses loop for ever from its third call on; the guilty job is long gone."
expect = ["ok"]
---*/
let calls = 0;
const join = Array.prototype.join;
Array.prototype.join = function (separator) {
  if (++calls > 2) for (;;);
  return join.call(this, separator);
};
return ['armed', calls].join(' ');

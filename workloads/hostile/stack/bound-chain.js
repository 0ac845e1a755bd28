/*---
why = "Binds a function thirty thousand times over and calls it once; bound calls nest in native code, with no script frame to count."
expect = ["stack_overflow", "ok", "exception"]
[engines]
boa = ["stack_overflow", "ok", "timeout"]
---*/
let call = (...all) => all.length;
for (let i = 0; i < 30000; i++) {
  call = call.bind(null);
  // Each name would otherwise be longer than the last.
  Object.defineProperty(call, 'name', { value: '' });
}
return call(1);

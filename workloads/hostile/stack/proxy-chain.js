/*---
why = "A hundred thousand proxies around each other and one property read; the engine walks the chain natively, with no script frame to count."
expect = ["stack_overflow", "exception", "timeout", "ok"]
[engines]
boa = ["stack_overflow", "crash", "timeout", "ok"]
[hosts]
task = ["boa"]
---*/
let door = { key: 1 };
for (let i = 0; i < 100000; i++) door = new Proxy(door, {});
return door.key;

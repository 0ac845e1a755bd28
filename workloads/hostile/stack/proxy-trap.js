/*---
why = "A proxy's trap reads from the proxy again; every level goes through the engine's native code and its stack."
expect = ["stack_overflow"]
---*/
const mirror = new Proxy({}, {
  get(target, key, receiver) {
    return Reflect.get(receiver, key, receiver);
  },
});
return mirror.face;

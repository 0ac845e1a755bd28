/*---
why = "Every trap of a proxy loops, reached through `in`; operators that look harmless run guest code."
expect = ["timeout"]
---*/
const trap = () => {
  for (;;);
};
const door = new Proxy({}, { has: trap, get: trap, ownKeys: trap, getOwnPropertyDescriptor: trap });
return 'key' in door;

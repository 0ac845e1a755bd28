/*---
why = "Answers with a proxy that claims a key it then denies; converting it breaks in the middle of a walk over its keys."
expect = ["invalid_result", "exception"]
---*/
return new Proxy({}, {
  ownKeys: () => ['seen', 'gone'],
  getOwnPropertyDescriptor(target, key) {
    if (key === 'gone') throw new Error('there is no such key');
    return { value: 1, enumerable: true, configurable: true };
  },
});

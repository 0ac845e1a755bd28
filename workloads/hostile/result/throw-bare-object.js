/*---
why = "Throws an object without a prototype, so that even turning it into text throws again."
expect = ["exception"]
---*/
throw Object.assign(Object.create(null), { name: Symbol('name'), message: 1n });

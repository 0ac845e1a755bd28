/*---
why = "Plants setters on Object.prototype that copy whatever later jobs assign; another user's data is collected in a global."
expect = ["ok"]
---*/
globalThis.loot = [];
for (const name of ['password', 'token', 'id', 'value']) {
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    set(value) {
      loot.push([name, value]);
    },
    get() {
      return undefined;
    },
  });
}
const probe = {};
probe.token = 'mine';
return loot;

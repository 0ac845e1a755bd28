/*---
why = "Deletes and overwrites the globals that scripts and adapters rely on; whatever looks them up late finds nothing."
expect = ["ok"]
---*/
for (const name of ['JSON', 'Promise', 'Object', 'Array', 'Function', 'Error', 'Map', 'Symbol', 'Reflect']) {
  globalThis[name] = undefined;
  delete globalThis[name];
}
undefined_ = void 0;
return typeof JSON + typeof Promise;

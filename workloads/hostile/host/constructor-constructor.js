/*---
why = "Climbs to the Function constructor through a plain value and asks the global object for what belongs to the host."
expect = ["ok", "exception"]
---*/
const world = input === undefined || input === null ? (() => {}).constructor('return this')() : input.constructor.constructor('return this')();
const wanted = ['process', 'require', 'module', 'std', 'os', 'scriptArgs', 'Worker', 'fetch', '__bootstrap'];
return wanted.filter((name) => world[name] !== undefined);

// What a script finds that comes after others: a sorted list of lines. Run once in a pristine isolate and once
// after a hostile script, any difference is a leftover. Leans on as little as it can of what it looks at.
const lines = [];
const say = (line) => { lines[lines.length] = line; };
const attempt = (name, works) => {
  let how;
  try { how = works() === true ? 'as ever' : 'changed'; } catch (error) { how = 'broken'; }
  if (how !== 'as ever') say(name + ' is ' + how);
};
const native = (name, value) => {
  let text = '';
  try { text = Function.prototype.toString.call(value); } catch (error) { text = typeof value; }
  if (text.indexOf('[native code]') < 0) say(name + ' is not the engine\'s own');
};
const keys = (name, object) => {
  let found = [];
  try { found = Reflect.ownKeys(object); } catch (error) { say(name + ' cannot be listed'); }
  for (let i = 0; i < found.length; i++) say(name + ' has ' + String(found[i]));
  let open = false;
  try { open = Object.isExtensible(object); } catch (error) { open = false; }
  if (!open) say(name + ' takes no more');
};
keys('the global object', globalThis);
for (const name of ['Object', 'Array', 'Function', 'String', 'Number', 'Error', 'Promise', 'RegExp', 'Map', 'Symbol', 'Date']) {
  const it = globalThis[name];
  if (typeof it !== 'function') { say(name + ' is gone'); continue; }
  native(name, it);
  keys(name, it);
  keys(name + '.prototype', it.prototype);
}
for (const name of ['JSON', 'Math', 'Reflect']) keys(name, globalThis[name]);
for (const [name, value] of [
  ['Array.prototype.map', [].map], ['Array.prototype.push', [].push], ['Array.prototype.join', [].join],
  ['String.prototype.split', ''.split], ['Promise.prototype.then', Promise.prototype.then],
  ['JSON.stringify', JSON.stringify], ['JSON.parse', JSON.parse], ['Object.keys', Object.keys],
  ['Array.prototype[Symbol.iterator]', [][Symbol.iterator]], ['RegExp.prototype.exec', /x/.exec],
]) native(name, value);
attempt('an inherited name', () => { for (const name in {}) return false; return ({}).isAdmin === undefined; });
attempt('a missing name', () => { try { return missingName === 'never'; } catch (error) { return error instanceof ReferenceError; } });
attempt('an array', () => [].total === undefined && [3, 1, 2].map((n) => n + 1).sort().join() === '2,3,4');
attempt('an array spread out', () => [...[1, 2, 3]].length === 3 && Math.max(...[1, 2, 3]) === 3);
attempt('an array joined thrice', () => [1, 2].join('-') + [1, 2].join('-') + [1, 2].join('-') === '1-21-21-2');
attempt('a string', () => 'a,b'.split(',').length === 2 && 'abc'.replace('b', '-') === 'a-c' && `${1}` === '1');
attempt('JSON', () => JSON.stringify({ a: [1, 'x', null] }) === '{"a":[1,"x",null]}' && JSON.parse('[1]')[0] === 1);
attempt('an error', () => String(new Error('x')) === 'Error: x' && new Error('x').name === 'Error');
attempt('the last match', () => RegExp.$1 === '' || RegExp.$1 === undefined);
attempt('a number', () => (0.5).toFixed(1) === '0.5' && Number('3') === 3 && isNaN(NaN));
attempt('a function', () => (function () { return arguments.length; })(1, 2) === 2 && (() => 7).call() === 7);
attempt('a map', () => new Map([[1, 2]]).get(1) === 2);
attempt('a writable prototype', () => {
  const own = function () {};
  own.prototype.toString = () => 'own';
  return String(new own()) === 'own';
});
attempt('an assignment', () => { const object = {}; object.toString = 1; object.constructor = 2; return object.toString === 1; });
const waited = await new Promise((resolve) => resolve('settled')).then((how) => how);
if (waited !== 'settled') say('a promise is changed');
return lines;

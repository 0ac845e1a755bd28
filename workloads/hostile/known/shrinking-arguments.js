/*---
why = "Shrinks and detaches what a builtin works on, from within the conversion of its own arguments; the length read before no longer holds."
expect = ["ok", "exception"]
[engines]
boa = ["ok", "exception", "panic"]
---*/
const outcomes = [];
const attempt = (work) => {
  try {
    outcomes.push(typeof work());
  } catch (error) {
    outcomes.push(error.name);
  }
};
const list = () => Array.from({ length: 10000 }, (_, i) => i);
const shrinks = (object, answer) => ({
  valueOf() {
    object.length = 0;
    return answer;
  },
});
for (const method of ['fill', 'slice', 'splice', 'indexOf', 'lastIndexOf', 'includes', 'copyWithin', 'at', 'with']) {
  const target = list();
  attempt(() => target[method](shrinks(target, 5), shrinks(target, 9000), shrinks(target, 9999)));
}
const resizes = (buffer, answer) => ({
  valueOf() {
    if (buffer.resizable) buffer.resize(16);
    else if (typeof buffer.transfer === 'function') buffer.transfer(0);
    return answer;
  },
});
for (const method of ['fill', 'set', 'subarray', 'slice', 'copyWithin', 'indexOf', 'lastIndexOf', 'with']) {
  const buffer = new ArrayBuffer(65536, { maxByteLength: 131072 });
  const view = new Uint8Array(buffer);
  attempt(() => view[method](resizes(buffer, 7), resizes(buffer, 60000), resizes(buffer, 65000)));
}
const text = 'a'.repeat(1000);
const sticky = /a/y;
attempt(() => text.replace(sticky, () => { sticky.compile && sticky.compile('b', 'g'); return ''; }));
return outcomes.length;

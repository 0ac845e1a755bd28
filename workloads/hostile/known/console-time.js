/*---
why = "Starts a console timer, for which RustyScript asks a clock that its runtime was made without; unless the adapter takes it away, the panic crosses V8's frames and aborts the process."
expect = ["ok"]
---*/
if (typeof console !== 'object' || typeof console.time !== 'function') return 'no console timers';
console.time('jsarena');
return 'timed';

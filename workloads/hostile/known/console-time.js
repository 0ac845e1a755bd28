/*---
why = "Starts a console timer, for which RustyScript asks a clock that its runtime was made without: the panic crosses V8's frames and aborts the process."
expect = ["ok"]
[engines]
rustyscript = ["crash", "ok"]
[hosts]
task = ["rustyscript"]
thread = ["rustyscript"]
---*/
if (typeof console !== 'object' || typeof console.time !== 'function') return 'no console timers';
console.time('jsarena');
return 'timed';

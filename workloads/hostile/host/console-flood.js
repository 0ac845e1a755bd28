/*---
why = "Prints without end; where a console is built in, standard output and the logs behind it belong to the guest."
expect = ["ok", "exception", "timeout"]
---*/
const say = typeof console === 'object' ? console.log : typeof print === 'function' ? print : () => {};
for (let line = 0; line < 200; line++) say('\u001b[2J' + 'flood '.repeat(20) + line);
return 'said';

/*---
why = "Compiles its loop at run time through an indirect eval and the Function constructor; a check of the source text sees no loop at all."
expect = ["timeout"]
---*/
const source = ['whi', 'le (true) {}'].join('');
(0, eval)(source);
return new Function(source)();

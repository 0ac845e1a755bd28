/*---
why = "Stringifies a small object graph whose tree has two to the 40th leaves; the text outgrows every limit, in one builtin."
expect = ["timeout", "out_of_memory", "exception"]
[engines]
boa = ["timeout", "crash"]
---*/
let tree = 1;
for (let level = 0; level < 40; level++) tree = { l: tree, r: tree };
return JSON.stringify(tree).length;

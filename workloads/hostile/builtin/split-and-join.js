/*---
why = "Splits and joins a long text again and again; every call is a stretch of native work between two looks at the clock."
expect = ["timeout", "out_of_memory"]
[engines]
boa = ["timeout", "crash"]
---*/
let text = 'a,b;'.repeat(400000);
for (let round = 0; ; round ^= 1) text = text.split(round ? ',' : ';').join(round ? ';' : ',');

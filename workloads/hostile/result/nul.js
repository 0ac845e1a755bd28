/*---
why = "Answers with NUL characters in keys and values; whatever passes them on as a C string cuts the answer short."
expect = ["ok"]
---*/
return { 'a\0b': 'before\0after', list: ['\0', '\0\0'] };

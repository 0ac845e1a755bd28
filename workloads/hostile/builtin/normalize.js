/*---
why = "Normalizes a text in which every letter becomes eighteen; Unicode tables make a short call long and its answer large."
expect = ["timeout", "ok", "out_of_memory", "exception"]
---*/
return '\ufdfa'.repeat(1500000).normalize('NFKD').length;

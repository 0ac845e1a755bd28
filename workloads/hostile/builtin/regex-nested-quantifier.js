/*---
why = "A regular expression that backtracks exponentially on a short text; the classic denial of service by pattern."
expect = ["timeout"]
---*/
return /^(?:[a-z]+)+$/.test('abcdefghijklmnopqrstuvwxyzabcdefghijklmnop!');

/*---
why = "A lookbehind with overlapping alternatives, matched backwards; backtracking hides where few look for it."
expect = ["timeout", "exception"]
---*/
const pattern = new RegExp('(?<=^(?:a|aa|aaa|a?a?)*)b');
return pattern.test('c' + 'a'.repeat(60) + 'b');

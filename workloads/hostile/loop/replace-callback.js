/*---
why = "Loops in the function that computes a replacement, called from within the regular expression engine."
expect = ["timeout"]
---*/
return 'one two three'.replace(/\w+/g, (word) => {
  for (;;) word = word.split('').reverse().join('');
});

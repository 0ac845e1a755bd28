/*---
why = "The comparator handed to sort never returns; an engine that cannot stop code called by a builtin hangs inside sort."
expect = ["timeout"]
---*/
return [3, 1, 2].sort((a, b) => {
  while (a !== b) [a, b] = [b, a];
  return 0;
});

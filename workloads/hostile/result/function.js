/*---
why = "Answers with a function, which JSON leaves out; a host that holds on to it holds the whole isolate."
expect = ["invalid_result"]
---*/
return function answer() {
  return input;
};

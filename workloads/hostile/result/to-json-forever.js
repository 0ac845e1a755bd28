/*---
why = "Each toJSON answers with a fresh object that has one as well; stringification goes deeper for as long as it is let."
expect = ["stack_overflow", "invalid_result"]
[engines]
boa = ["stack_overflow", "invalid_result", "crash", "timeout"]
[hosts]
task = ["boa"]
thread = ["boa"]
---*/
class Matryoshka {
  toJSON() {
    return { inner: new Matryoshka() };
  }
}
return new Matryoshka();

/*---
why = "Declares a class within the constructor of another, which panics in Boa (boa-dev/boa issue 4400); a caught panic still costs the worker."
expect = ["ok"]
[engines]
boa = ["panic", "ok"]
---*/
class Outer {
  constructor() {
    class Inner {}
    this.made = typeof Inner;
  }
}
return new Outer().made;

/*---
why = "A getter reads itself and a setter writes itself; recursion without a single call expression."
expect = ["stack_overflow"]
---*/
const node = {
  get next() {
    return this.next;
  },
  set next(value) {
    this.next = value;
  },
};
node.next = 1;
return node.next;

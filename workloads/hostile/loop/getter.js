/*---
why = "Reading a property runs a getter that never returns; a plain field access becomes an endless call."
expect = ["timeout"]
---*/
const account = {
  get balance() {
    for (let cents = 0; ; cents ^= 1);
  },
};
return account.balance > 0;

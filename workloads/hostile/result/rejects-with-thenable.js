/*---
why = "Rejects with an object that can itself be waited for, whose then rejects with another; unwrapping them all never ends."
expect = ["exception"]
---*/
const reason = () => ({
  then(resolve, reject) {
    reject(reason());
  },
});
throw await Promise.reject(reason());

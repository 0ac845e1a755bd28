/*---
why = "The message of its error is a getter that never ends; reporting the failure takes longer than the failure."
expect = ["timeout"]
---*/
const error = new Error('seen by nobody');
Object.defineProperty(error, 'message', {
  get() {
    for (let i = 1; ; i = -i);
  },
});
throw error;

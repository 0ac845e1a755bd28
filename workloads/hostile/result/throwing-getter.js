/*---
why = "A getter of the answer throws while the host reads it; the failure belongs to the script, although the script is over."
expect = ["invalid_result"]
---*/
return {
  fine: 1,
  get broken() {
    throw new RangeError('not for you');
  },
};

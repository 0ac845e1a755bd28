/*---
why = "Throws an error whose name and message are megabytes; logs and records that keep it whole fill up."
expect = ["exception", "out_of_memory", "timeout"]
---*/
const error = new Error('no\n'.repeat(2000000));
error.name = 'N'.repeat(1000000);
throw error;

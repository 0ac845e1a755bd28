/*---
why = "Answers with an object whose toJSON never ends; the host that turns the result into text hangs after the script is over."
expect = ["timeout"]
---*/
return {
  total: 3,
  lines: [
    {
      toJSON() {
        for (let i = 0; ; i = 1 - i);
      },
    },
  ],
};

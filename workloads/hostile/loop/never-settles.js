/*---
why = "Answers with a promise that nothing will ever settle; a host that waits for it without a deadline waits for ever."
expect = ["invalid_result", "timeout"]
---*/
return new Promise(() => {});

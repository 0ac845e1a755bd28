/*---
why = "Gives no answer at all; a host that expects text finds none and may take the last one's."
expect = ["invalid_result"]
---*/
const ignored = input;

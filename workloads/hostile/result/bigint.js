/*---
why = "Answers with a BigInt inside a list; stringification throws after half of it is done."
expect = ["invalid_result"]
---*/
return { ids: [1, 2, 18446744073709551615n] };

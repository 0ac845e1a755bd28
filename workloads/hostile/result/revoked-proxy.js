/*---
why = "Answers with a proxy that has been revoked; every question about it throws, even whether it is an array."
expect = ["invalid_result", "exception"]
---*/
const { proxy, revoke } = Proxy.revocable([], {});
revoke();
return { list: proxy };

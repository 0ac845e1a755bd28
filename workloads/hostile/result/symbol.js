/*---
why = "Answers with a symbol, which has no text form; converting it throws where nobody expects it."
expect = ["invalid_result"]
---*/
return Symbol('answer');

/*---
why = "Answers with half a surrogate pair, which UTF-8 cannot hold; a careless conversion panics or hands on broken text."
expect = ["ok"]
---*/
return { high: '\ud83d', low: ['\udcff', 'x\udfffx'], '\ud800': 1 };

/*---
why = "Answers with ninety megabytes of text that is longer still once it is escaped; results outside the heap are nobody's limit."
expect = ["ok", "out_of_memory", "timeout", "invalid_result"]
[engines]
boa = ["ok", "timeout", "crash"]
---*/
return '\u0001'.repeat(15000000);

/*---
why = "Opens seven hundred parentheses and closes none, which is enough to overflow Boa's parser on a small stack (boa-dev/boa issue 4397)."
expect = ["exception", "stack_overflow"]
[engines]
boa = ["exception", "crash"]
[hosts]
task = ["boa"]
---*/
return new Function('('.repeat(703));

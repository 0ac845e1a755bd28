/*---
why = "Throws null; whoever asks the exception for its message without looking fails in the host."
expect = ["exception"]
---*/
throw null;

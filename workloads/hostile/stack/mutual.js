/*---
why = "Two functions call each other with many arguments, so that frames are large and the limit is met between two checks."
expect = ["stack_overflow"]
---*/
const ping = (a, b, c, d, e, f, g, h) => pong(b, c, d, e, f, g, h, a) + 1;
const pong = (...all) => ping(...all, ...all) - 1;
return ping(1, 2, 3, 4, 5, 6, 7, 8);

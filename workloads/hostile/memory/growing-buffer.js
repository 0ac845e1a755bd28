/*---
why = "Grows one resizable buffer in place, reserving a gigabyte at first; a limit that looks at allocations sees one that was small."
expect = ["out_of_memory", "exception", "crash", "timeout", "ok"]
---*/
// Where buffers cannot be resized, a row of ever larger ones stands in.
const most = 1 << 30;
let buffer = new ArrayBuffer(1 << 20, { maxByteLength: most });
const older = [];
for (let size = 2 << 20; size <= most; size *= 2) {
  if (buffer.resizable) {
    buffer.resize(size);
  } else {
    older.push(buffer);
    buffer = new ArrayBuffer(size / 2);
  }
  new Uint8Array(buffer).fill(0xa5);
}
return buffer.byteLength;

'use strict'
// Node.js as an engine of jsarena, and the example for other languages: the protocol of PROTOCOL.md, whole. What
// runs the scripts is next door, in realm.js.

const fs = require('node:fs')
const { ENGINE, Failure, call, heap, load, newRealm } = require('./realm.js')

const SOCKET = 0 // standard input: a connected socket, to be read and written

// A worker does one thing at a time, so it blocks. A read may bring less than was asked for, a write may take
// less than it was given, and a socket that does not block says EAGAIN.
function insist(step) {
  for (;;) {
    try { return step() } catch (error) { if (error.code !== 'EAGAIN') throw error }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) // sleeps a millisecond
  }
}

function read(length) {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0, got; at < length; at += got) {
    got = insist(() => fs.readSync(SOCKET, bytes, at, length - at))
    if (got === 0) process.exit(0) // the socket's end is the order to end
  }
  return bytes
}

function write(kind, body) {
  const head = Buffer.alloc(8) // length, kind, flags, 0, 0; no flag: this worker is never spent
  head.writeUInt32LE(body.length)
  head[4] = kind
  const frame = Buffer.concat([head, body])
  for (let at = 0; at < frame.length;) at += insist(() => fs.writeSync(SOCKET, frame, at))
}

let mostBytes = Infinity

function answerTo(kind, body) {
  switch (kind) {
    case 1: return greet(JSON.parse(body))
    case 2: return newRealm() // create; its limits cannot be had in a process that runs
    case 3: return load(deadline(body, 0), JSON.parse(body.subarray(8)))
    case 4: return call(body.readUInt32LE(0), deadline(body, 4), body.toString('utf8', 12))
    case 5: return newRealm() // reset
    case 6: return heap()
    default: throw new Failure('engine', { message: `no request has the kind ${kind}` })
  }
}

// When the microseconds that a request allows will have passed.
const deadline = (body, at) => performance.now() + Number(body.readBigUInt64LE(at)) / 1000

function greet(hello) {
  mostBytes = hello.max_body
  return JSON.stringify({ protocol: 1, engine: ENGINE })
}

function serve() {
  const head = read(8)
  const [kind, body] = [head[4], read(head.readUInt32LE(0))]
  try {
    const answer = Buffer.from(answerTo(kind, body))
    if (answer.length > mostBytes) {
      throw new Failure('invalid_result', { message: `${answer.length} bytes; ${mostBytes} are the most` })
    }
    write(kind, answer)
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure('engine', { message: error.stack })
    write(255, Buffer.from(JSON.stringify(failure, wellFormed)))
  }
  setImmediate(serve) // no plain loop, for Node does its housekeeping in between
}

// Half a surrogate pair would be written as an escape, and that is JSON which other parsers refuse.
function wellFormed(key, value) {
  return typeof value === 'string' ? Buffer.from(value).toString() : value
}

// A rejected promise that a guest leaves behind would end the process.
process.on('unhandledRejection', () => {})
serve()

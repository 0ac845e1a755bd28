'use strict'
// Node.js as an engine of jsarena: a whole worker of the protocol in PROTOCOL.md, and the example for other
// languages. The first half (frames, requests) is what every worker needs, the second half is Node's own.

const fs = require('node:fs')
const v8 = require('node:v8')
const vm = require('node:vm')
const { isNativeError, isPromise } = require('node:util').types

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

// A request that cannot be answered; `body` is the reply of kind 255.
class Failure extends Error {
  constructor(kind, fields) { super(kind); this.body = { kind, ...fields } }
}
const refuse = (message) => new Failure('engine', { message })

let mostBytes = Infinity

function answerTo(kind, body) {
  switch (kind) {
    case 1: mostBytes = JSON.parse(body).max_body; return JSON.stringify({ protocol: 1, engine: ENGINE })
    case 2: case 5: return newRealm()
    case 3: return load(deadline(body, 0), JSON.parse(body.subarray(8)))
    case 4: return call(body.readUInt32LE(0), deadline(body, 4), body.toString('utf8', 12))
    case 6: return heap()
    default: throw refuse(`no request has the kind ${kind}`)
  }
}

function serve() {
  const head = read(8)
  const [kind, body] = [head[4], read(head.readUInt32LE(0))]
  try {
    const answer = Buffer.from(answerTo(kind, body))
    if (answer.length > mostBytes) throw new Failure('invalid_result', { message: `${answer.length} bytes are too many` })
    write(kind, answer)
  } catch (error) {
    const told = error instanceof Failure ? error.body : refuse(error.stack).body
    write(255, Buffer.from(JSON.stringify(told, (_, field) => isString(field) ? wellFormed(field) : field)))
  }
  setImmediate(serve) // no plain loop, for Node does its housekeeping in between
}

// Half a surrogate pair has no UTF-8, and written as an escape it is JSON that other parsers refuse.
const isString = (value) => typeof value === 'string'
const wellFormed = (text) => Buffer.from(text).toString()

// ---- Node's own from here on ----

const ENGINE = {
  engine_version: `Node.js ${process.versions.node} (V8 ${process.versions.v8})`,
  binding_version: 'node:vm',
  capabilities: { interruption: 'full', heap_stats: true, reset_in_place: true, jit: true, wasm: true },
  notes: [
    'node:vm is no sandbox: a script that means to leaves its context; the process is what holds it',
    'the time limit of node:vm starts a thread for each call: about 0.1 ms, and whole milliseconds only',
    'global variables are reached through interceptors, much slower than in V8 itself',
    'heap and stack are limited on its command line only; at the heap limit V8 ends the process, which is a crash',
  ],
}

const deadline = (body, at) => performance.now() + Number(body.readBigUInt64LE(at)) / 1000

// Runs among the guest's own things, within the time allowed: parsing, settling, `toJSON`, the getters of an
// error. It holds on to what a guest may replace. Each task has a result of its own, so that a promise which
// settles in a later call finds nobody. Only the host gets `arm`: a guest that calls $jsarena() gets null.
const KERNEL = new vm.Script(`'use strict'; const $jsarena = (() => {
  const { parse, stringify } = JSON, text = String
  const attempt = (work, otherwise) => { try { return work() } catch { return otherwise } }
  const run = (task) => {
    const result = { __proto__: null, kind: 'pending' }
    const end = (kind, name, message, stack) => {
      if (name === 'RangeError' && message === 'Maximum call stack size exceeded') kind = 'stack_overflow'
      result.name = name; result.message = message; result.stack = stack; result.kind = kind
    }
    const fail = (kind, error) => {
      if (!task.isNativeError(error)) return end(kind, 'Thrown', attempt(() => text(error), 'no string form'), '')
      const field = (name, absent) => attempt(() => { const value = error[name]; return value === undefined ? absent : text(value) }, absent)
      end(kind, field('name', 'Error'), field('message', ''), field('stack', ''))
    }
    const answer = (value) => {
      try {
        const json = value === undefined ? 'null' : stringify(value)
        if (json === undefined) end('invalid_result', '', 'JSON cannot hold it: ' + typeof value, '')
        else { result.json = json; result.kind = 'ok' }
      } catch (error) { fail('invalid_result', error) }
    }
    const settle = async (promise) => { try { answer(await promise) } catch (error) { fail('exception', error) } }
    if ('thrown' in task) { fail('exception', task.thrown); return result }
    let input
    try { input = parse(task.input) } catch (error) { fail('engine', error); return result }
    try {
      const value = (0, task.body)(input)
      if (task.isPromise(value)) settle(value); else answer(value)
    } catch (error) { fail('exception', error) }
    return result
  }
  let next = null
  const arm = (task) => { next = task }
  let give = () => { give = () => { const task = next; next = null; return task && run(task) }; return arm }
  return () => give()
})(); $jsarena()`, { filename: 'jsarena-kernel' })
const OUR_FRAMES = /\n +at [^\n]*\((jsarena-kernel|node:vm):[^]*/
const RUN = new vm.Script('$jsarena()')

let realm

function newRealm() {
  // No prototype: through that of a plain object a guest would find this realm's constructors.
  const context = vm.createContext(Object.create(null), { microtaskMode: 'afterEvaluate' })
  realm = { context, arm: KERNEL.runInContext(context), bodies: [] }
  return ''
}

// A script's value. Its microtasks are within the time too. The clock says whether it was late, not the error:
// looking at what a guest threw would run its getters out here. node:vm's timer may be a millisecond early.
function within(end, script) {
  const left = Math.min(Math.ceil(end - performance.now()) + 1, 2 ** 31 - 1)
  try {
    if (left > 1) return script.runInContext(realm.context, { timeout: left, displayErrors: false })
  } finally {
    if (performance.now() >= end) throw new Failure('timeout')
  }
}

function perform(task, end) {
  realm.arm({ isNativeError, isPromise, ...task })
  const { kind, json, name, message, stack } = within(end, RUN)
  switch (kind) {
    case 'ok': return json
    case 'pending': throw new Failure('invalid_result', { message: 'the promise can never settle: nothing is left to run' })
    case 'invalid_result': throw new Failure(kind, { message: name ? `${name}: ${message}` : message })
    case 'engine': throw refuse(`the input is not JSON: ${message}`)
    default: throw new Failure(kind, { name, message, stack: stack.replace(OUR_FRAMES, '') })
  }
}

function call(id, end, input) {
  const body = realm?.bodies[id]
  if (!body) throw refuse(`no script ${id} is loaded`)
  return perform({ body, input }, end)
}

function load(end, { name, body, setup = [] }) {
  if (!realm) throw refuse('there is no isolate yet')
  for (const source of setup) {
    const script = compile(source, name)
    try { within(end, script) } catch (thrown) { if (thrown instanceof Failure) throw thrown; perform({ thrown }, end) }
  }
  const id = Buffer.alloc(4)
  id.writeUInt32LE(realm.bodies.push(within(end, compileBody(body, name))) - 1)
  return id
}

// `await` may also be a plain name, in sloppy code.
function compileBody(body, name) {
  if (!/(?<![\p{L}\p{N}_$])await(?![\p{L}\p{N}_$])/u.test(body)) return compile(body, name, 'function(input){')
  try { return compile(body, name, 'async function(input){') } catch (first) {
    try { return compile(body, name, 'function(input){') } catch { throw first }
  }
}

const AsyncFunction = (async () => {}).constructor

// With a `head`, source is a function's body. The head stays on its first line, so that lines are the guest's.
function compile(source, name, head) {
  const start = head ? `(${head}` : ''
  let script
  try {
    script = new vm.Script(head ? `${start}${source}\n})` : source, { filename: name, columnOffset: -start.length })
    // A body that closes its function parses in there, but not alone.
    if (head) new (head.startsWith('async') ? AsyncFunction : Function)('input', source)
    return script
  } catch (error) {
    // Node says where only in the text of the stack: "name:2", the line itself, then spaces and a caret.
    const [, line, indent] = (!script && /:(\d+)\n.*\n(\s*)\^/.exec(error.stack)) || []
    const column = line && indent.length + 1 - (line === '1' ? start.length : 0)
    throw new Failure('syntax', { message: error.message, ...(line && { line: Number(line), column }) })
  }
}

function heap() {
  const { used_heap_size: used_bytes, heap_size_limit: limit_bytes } = v8.getHeapStatistics()
  return JSON.stringify({ used_bytes, limit_bytes })
}

// What a guest leaves behind, a rejected promise or a finalizer that throws, must not end the worker.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})
serve()

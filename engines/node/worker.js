'use strict'
// Node.js as an engine of jsarena: a whole worker of the protocol in PROTOCOL.md, and the example for other
// languages. The first half (frames, requests) is what every worker needs, the second half is Node's own.

const fs = require('node:fs')
const v8 = require('node:v8')
const vm = require('node:vm')
const { types } = require('node:util')

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

// What is thrown for a request that has no answer: the body of a reply of kind 255.
class Failure {
  constructor(kind, fields) { Object.assign(this, { kind }, fields) }
}
const refuse = (message) => new Failure('engine', { message })
const invalid = (message) => new Failure('invalid_result', { message })

let mostBytes = Infinity

function answerTo(kind, body) {
  switch (kind) {
    case 1: return greet(JSON.parse(body))
    case 2: return newRealm() // create; its limits cannot be had in a process that runs
    case 3: return load(deadline(body, 0), JSON.parse(body.subarray(8)))
    case 4: return call(body.readUInt32LE(0), deadline(body, 4), body.toString('utf8', 12))
    case 5: return newRealm() // reset
    case 6: return heap()
    default: throw refuse(`no request has the kind ${kind}`)
  }
}

function greet(hello) {
  mostBytes = hello.max_body
  return JSON.stringify({ protocol: 1, engine: ENGINE })
}

function serve() {
  const head = read(8)
  const [kind, body] = [head[4], read(head.readUInt32LE(0))]
  try {
    const answer = Buffer.from(answerTo(kind, body))
    if (answer.length > mostBytes) throw invalid(`${answer.length} bytes; ${mostBytes} are the most`)
    write(kind, answer)
  } catch (error) {
    const failure = error instanceof Failure ? error : refuse(error.stack)
    write(255, Buffer.from(JSON.stringify(failure, wellFormed)))
  }
  setImmediate(serve) // no plain loop, for Node does its housekeeping in between
}

// Half a surrogate pair would be written as an escape, and that is JSON which other parsers refuse.
function wellFormed(key, value) {
  return typeof value === 'string' ? Buffer.from(value).toString() : value
}

// ---- From here on: Node's own ----

const ENGINE = {
  engine_version: `Node.js ${process.versions.node} (V8 ${process.versions.v8})`,
  binding_version: 'node:vm',
  capabilities: { interruption: 'full', heap_stats: true, reset_in_place: true, jit: true, wasm: true },
  notes: [
    'node:vm is no sandbox: a script that means to leaves its context; the process is what holds it',
    'the time limit of node:vm starts a thread for each call: about 0.1 ms, and whole milliseconds only',
    'global variables are reached through interceptors, much slower than in V8 itself',
    'heap and stack are limited on the command line only; at the heap limit V8 ends the process: a crash',
    'there is no FinalizationRegistry: finalizers run between calls, where no time limit holds',
  ],
}

const deadline = (body, at) => performance.now() + Number(body.readBigUInt64LE(at)) / 1000

// Runs among the guest's own things, within the time allowed: parsing, settling, `toJSON`, the getters of an
// error. It holds on to what a guest may replace. Each task has a result of its own, so that a promise which
// settles in a later call finds nobody. The first call gives `arm`, by which the host alone sets the next
// task; a guest that calls $jsarena gets null. Finalizers would run between calls, under no time limit.
const KERNEL = new vm.Script(`'use strict'; delete globalThis.FinalizationRegistry; const $jsarena = (() => {
  const { parse, stringify } = JSON, text = String
  const attempt = (work, otherwise) => { try { return work() } catch { return otherwise } }
  const run = (task) => {
    const result = { __proto__: null, kind: 'pending', name: '', message: '', stack: '' }
    const fail = (kind, error) => {
      if (task.isNativeError(error)) {
        const field = (name, absent) => attempt(() => {
          const value = error[name]
          return value === undefined ? absent : text(value)
        }, absent)
        result.name = field('name', 'Error')
        result.message = field('message', '')
        result.stack = field('stack', '')
      } else {
        result.name = 'Thrown'
        result.message = attempt(() => text(error), 'a value that has no string form')
      }
      const tooDeep = result.name === 'RangeError' && result.message === 'Maximum call stack size exceeded'
      result.kind = tooDeep ? 'stack_overflow' : kind
      return result
    }
    const answer = (value) => {
      try {
        result.json = stringify(value)
        result.kind = result.json === undefined ? 'not_json' : 'ok'
        result.message = typeof value
      } catch (error) { fail('invalid_result', error) }
    }
    const settle = async (promise) => {
      try { answer(await promise) } catch (error) { fail('exception', error) }
    }
    if ('thrown' in task) return fail('exception', task.thrown)
    let input
    try { input = parse(task.input) } catch (error) { return fail('engine', error) }
    try {
      const value = (0, task.body)(input)
      if (task.isPromise(value)) settle(value)
      else answer(value)
    } catch (error) { fail('exception', error) }
    return result
  }
  let next = null, isFirst = true
  const arm = (task) => { next = task }
  return () => {
    if (isFirst) { isFirst = false; return arm }
    const task = next
    next = null
    return task && run(task)
  }
})(); $jsarena()`, { filename: 'jsarena-kernel' })
const RUN = new vm.Script('$jsarena()')
const OUR_FRAMES = /\n +at [^\n]*\((jsarena-kernel|node:vm):[^]*/

let realm

function newRealm() {
  // No prototype: through that of a plain object a guest would find this realm's constructors.
  const context = vm.createContext(Object.create(null), { microtaskMode: 'afterEvaluate' })
  realm = { context, arm: KERNEL.runInContext(context), bodies: [] }
  return ''
}

// A script's value. Its microtasks are within the time too. Whether it was late is told by the clock, not by
// the error: looking at what a guest threw would run its getters out here. (The timer itself may be early, by
// less than a millisecond.)
function within(end, script) {
  const left = Math.min(Math.ceil(end - performance.now()) + 1, 2 ** 31 - 1)
  try {
    if (left > 1) return script.runInContext(realm.context, { timeout: left, displayErrors: false })
  } finally {
    if (performance.now() >= end) throw new Failure('timeout')
  }
}

function perform(task, end) {
  realm.arm({ isNativeError: types.isNativeError, isPromise: types.isPromise, ...task })
  const { kind, json, name, message, stack } = within(end, RUN)
  switch (kind) {
    case 'ok': return json
    case 'pending': throw invalid('the promise can never settle: nothing is left to run')
    case 'not_json': throw invalid(`JSON cannot hold it: ${message}`)
    case 'invalid_result': throw invalid(`${name}: ${message}`)
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
    try { within(end, script) } catch (thrown) { perform({ thrown }, end) }
  }
  const id = Buffer.alloc(4)
  id.writeUInt32LE(realm.bodies.push(within(end, compileBody(body, name))) - 1)
  return id
}

const AsyncFunction = (async () => {}).constructor

// In sloppy code `await` may also be a plain name, so what does not parse as async is tried as it is.
function compileBody(body, name) {
  const plain = () => compile(body, name, '(function(input){', Function)
  if (!/(?<![\p{L}\p{N}_$])await(?![\p{L}\p{N}_$])/u.test(body)) return plain()
  try { return compile(body, name, '(async function(input){', AsyncFunction) } catch (first) {
    try { return plain() } catch { throw first }
  }
}

// A source, or the body of a function. `head` opens it on its first line, so that lines are the guest's own.
function compile(source, name, head = '', Constructor = null) {
  const text = head ? `${head}${source}\n})` : source
  let script
  try {
    script = new vm.Script(text, { filename: name, columnOffset: -head.length })
    if (Constructor) new Constructor('input', source) // refuses a body that closes its function
    return script
  } catch (error) {
    // Where it is stands only in the text of the stack: "name:2", the line itself, then spaces and a caret.
    const [, line, indent] = (!script && /:(\d+)\n.*\n(\s*)\^/.exec(error.stack)) || []
    const column = line && indent.length + 1 - (line === '1' ? head.length : 0)
    throw new Failure('syntax', { message: error.message, ...(line && { line: Number(line), column }) })
  }
}

function heap() {
  const { used_heap_size: used_bytes, heap_size_limit: limit_bytes } = v8.getHeapStatistics()
  return JSON.stringify({ used_bytes, limit_bytes })
}

// A rejected promise that a guest leaves behind would end the process.
process.on('unhandledRejection', () => {})
serve()

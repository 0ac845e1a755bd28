'use strict'
// How Node.js runs scripts for jsarena: a node:vm context for each realm, everything of the guest inside it.

const v8 = require('node:v8')
const vm = require('node:vm')
const { types } = require('node:util')

// What is thrown for a request that has no answer: the body of a reply of kind 255.
class Failure {
  constructor(kind, fields) { Object.assign(this, { kind }, fields) }
}
const refuse = (message) => new Failure('engine', { message })
const invalid = (message) => new Failure('invalid_result', { message })

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

module.exports = { ENGINE, Failure, call, heap, load, newRealm }

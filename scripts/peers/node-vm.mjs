// Node.js, scripts in a `node:vm` context of their own and under a deadline: the least that a server needs which runs
// the scripts of others. It is no sandbox, says its documentation.

import vm from "node:vm";

import { clock, executor, port } from "./execute.mjs";
import { serve } from "./on-node.mjs";

/** Milliseconds, as for jsarena's tasks. */
const DEADLINE = 25_000;

const context = vm.createContext(Object.create(null), { microtaskMode: "afterEvaluate" });

/** Promises of the context are settled when its evaluation ends, or never will be. */
function settled() {
  const { end } = context;
  if (end === undefined) throw new Error("the promise never settled");
  if ("error" in end) throw end.error;
  return end.value;
}

/** A script that is compiled once, and run under the deadline with its input as a global variable. */
function compile(code) {
  const called = (kind) => `(${kind} function (input) {${code}\n})(JSON.parse(input))`;
  const run = (script) => script.runInContext(context, { timeout: DEADLINE });
  let script;
  try {
    script = new vm.Script(called(""));
  } catch (error) {
    if (!code.includes("await")) throw error;
    const ends = ".then((value) => { end = { value } }, (error) => { end = { error } })";
    script = new vm.Script(`end = undefined; ${called("async")}${ends}`);
    return (input) => {
      context.input = JSON.stringify(input);
      run(script);
      return settled();
    };
  }
  return (input) => {
    context.input = JSON.stringify(input);
    return run(script);
  };
}

serve(executor(compile, clock), port(process.argv[2]));

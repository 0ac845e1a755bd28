// What all peers share: a request's body in, a status and a body out, as `POST /execute` of jsarena has them.

/** Most scripts that are kept compiled, as in jsarena's own cache. */
const MOST = 1024;

const failed = (status, kind, error) => ({
  status,
  body: JSON.stringify({
    ok: false,
    error: { kind, name: error?.name, message: String(error?.message ?? error), stack: error?.stack },
  }),
});

/**
 * Makes a function from bodies to `{status, body}`, or a promise of that where a script gives one.
 * `compile` makes a function of `input` out of a script's code, which is the body of such a function; `clock` gives
 * milliseconds, where there is one that moves.
 */
export function executor(compile, clock) {
  const known = new Map();

  const find = (code) => {
    let script = known.get(code);
    if (script === undefined) {
      script = compile(code);
      if (known.size === MOST) known.delete(known.keys().next().value);
      known.set(code, script);
    }
    return script;
  };

  const answer = (value, started) => {
    const result = JSON.stringify(value);
    if (result === undefined) {
      return failed(422, "invalid_result", new TypeError("the result is no JSON value"));
    }
    const service = clock ? `,"service_us":${Math.round((clock() - started) * 1000)}` : "";
    return { status: 200, body: `{"ok":true,"result":${result}${service},"attempts":1}` };
  };

  return (text) => {
    let request, script;
    try {
      request = JSON.parse(text);
    } catch (error) {
      return failed(400, "bad_request", error);
    }
    if (typeof request?.code !== "string") return failed(400, "bad_request", new TypeError("no code"));
    const started = clock?.();
    try {
      script = find(request.code);
    } catch (error) {
      return failed(400, "syntax", error);
    }
    const thrown = (error) =>
      error?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
        ? failed(408, "timeout", error)
        : failed(422, "exception", error);
    try {
      const value = script(request.input ?? null);
      if (typeof value?.then !== "function") return answer(value, started);
      return value.then((value) => answer(value, started)).catch(thrown);
    } catch (error) {
      return thrown(error);
    }
  };
}

const AsyncFunction = (async () => {}).constructor;

/** Into the realm of the server itself: nothing is isolated, and nothing stops a script that loops. */
export function compileHere(code) {
  try {
    return new Function("input", code);
  } catch (error) {
    if (!code.includes("await")) throw error;
    return new AsyncFunction("input", code);
  }
}

/** Milliseconds since the server's start. */
export const clock = () => performance.now();

/** The port that the first argument names. */
export const port = (argument) => {
  const number = Number(argument);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new RangeError(`not a port: ${argument}; give one, as in: node node.mjs 8081`);
  }
  return number;
};

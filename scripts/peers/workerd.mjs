// workerd, scripts in the worker's own realm. That worker is confined; one script is not kept from another. Its clock
// stands still while a request is answered, against timing attacks: it has no service time to tell.

import { executor } from "./execute.mjs";

const headers = { "content-type": "application/json" };
const response = ({ status, body }) => new Response(body, { status, headers });
let execute;

export default {
  async fetch(request, { UNSAFE_EVAL }) {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/execute") {
      return new Response(null, { status: 404 });
    }
    execute ??= executor((code) => {
      try {
        return UNSAFE_EVAL.newFunction(code, "script", "input");
      } catch (error) {
        if (!code.includes("await")) throw error;
        return UNSAFE_EVAL.newAsyncFunction(code, "script", "input");
      }
    });
    return response(await execute(await request.text()));
  },
};

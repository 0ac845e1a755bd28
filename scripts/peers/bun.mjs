// Bun (JavaScriptCore), scripts in the server's own realm.

import { clock, compileHere, executor, port } from "./execute.mjs";

const execute = executor(compileHere, clock);
const headers = { "content-type": "application/json" };
const response = ({ status, body }) => new Response(body, { status, headers });

Bun.serve({
  hostname: "127.0.0.1",
  port: port(process.argv[2]),
  async fetch(request) {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/execute") {
      return new Response(null, { status: 404 });
    }
    return response(await execute(await request.text()));
  },
});

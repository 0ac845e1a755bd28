// The route on Node's own HTTP server.

import { createServer } from "node:http";

const json = { "content-type": "application/json" };

/** Serves `execute` on loopback. */
export function serve(execute, port) {
  const send = (response, { status, body }) => {
    response.writeHead(status, { ...json, "content-length": Buffer.byteLength(body) });
    response.end(body);
  };
  const server = createServer((request, response) => {
    if (request.method !== "POST" || request.url !== "/execute") {
      response.writeHead(404).end();
      return;
    }
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const done = execute(text);
      if (done instanceof Promise) done.then((done) => send(response, done));
      else send(response, done);
    });
  });
  server.listen(port, "127.0.0.1");
}

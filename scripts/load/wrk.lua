-- Sends the body in JSARENA_BODY, and writes the summary to the file that JSARENA_RESULT names; `jsarena report` reads it.
-- JSARENA_URL and JSARENA_CONNECTIONS are what wrk was asked, which it does not tell its scripts.

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = os.getenv("JSARENA_BODY")

function done(summary, latency)
  local file = assert(io.open(os.getenv("JSARENA_RESULT"), "w"))
  local errors = summary.errors
  file:write(string.format(
    '{"tool":"wrk","url":"%s","connections":%d,"requests":%d,"duration_us":%d,"requests_per_s":%.1f,' ..
      '"latency_us":{"p50":%d,"p90":%d,"p95":%d,"p99":%d,"p999":%d,"max":%d,"mean":%.1f},' ..
      '"errors":{"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}}\n',
    os.getenv("JSARENA_URL"):gsub('["\\\\]', "\\\\%0"), os.getenv("JSARENA_CONNECTIONS"),
    summary.requests, summary.duration, summary.requests / summary.duration * 1e6,
    latency:percentile(50), latency:percentile(90), latency:percentile(95), latency:percentile(99),
    latency:percentile(99.9), latency.max, latency.mean,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
  file:close()
end

// Makes one result of several rounds of wrk against one server: node merge.mjs OUT ROUND…
//
// Requests, errors and time are sums, the rate is requests by time, and each figure of latency is the median of the
// rounds, for percentiles do not add up.

import { readFileSync, writeFileSync } from 'node:fs';

const [out, ...files] = process.argv.slice(2);
const rounds = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (of) => rounds.map(of).reduce((all, one) => all + one, 0);
const median = (of) => {
  const sorted = rounds.map(of).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
};
const each = (field, by) =>
  Object.fromEntries(Object.keys(rounds[0][field]).map((name) => [name, by((round) => round[field][name])]));

const requests = sum((round) => round.requests);
const duration_us = sum((round) => round.duration_us);
writeFileSync(out, `${JSON.stringify({
  ...rounds[0],
  requests,
  duration_us,
  requests_per_s: (requests / duration_us) * 1e6,
  latency_us: each('latency_us', median),
  errors: each('errors', sum),
})}\n`);

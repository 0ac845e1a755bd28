const LINE =
  /^(?<host>\S+) \S+ (?<user>\S+) \[(?<time>[^\]]+)\] "(?<method>[A-Z]+) (?<path>[^ "?]+)(?:\?(?<query>[^ "]*))? HTTP\/\d\.\d" (?<status>\d{3}) (?<bytes>\d+|-) "[^"]*" "(?<agent>(?:[^"\\]|\\.)*)" (?<ms>\d+)$/;
const BOT = /(?:bot|crawler|spider)\b/i;
const ID = /\/(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?=\/|$)/g;

const count = (counts, key, by = 1) => counts.set(key, (counts.get(key) || 0) + by);
const top = (counts, n) =>
  [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, n);

const statuses = new Map();
const routes = new Map();
const offenders = new Map();
const durations = [];
let bytes = 0;
let bots = 0;
const malformed = [];

input.log.split("\n").forEach((line, at) => {
  if (line === "") return;
  const found = LINE.exec(line);
  if (!found) {
    malformed.push(at + 1);
    return;
  }
  const { host, method, path, query, status, agent, ms } = found.groups;
  if (BOT.test(agent)) {
    bots += 1;
    return;
  }
  const route = method + " " + path.replace(ID, "/:id") + (query === undefined ? "" : "?");
  count(statuses, status[0] + "xx");
  count(routes, route);
  if (status === "401" || status === "403") count(offenders, host);
  bytes += found.groups.bytes === "-" ? 0 : Number(found.groups.bytes);
  durations.push(Number(ms));
});

durations.sort((a, b) => a - b);
const percentile = (p) => durations[Math.ceil((p / 100) * durations.length) - 1];
return {
  statuses: Object.fromEntries(top(statuses, 9)),
  routes: top(routes, 8),
  offenders: top(offenders, 3),
  bytes,
  bots,
  malformed,
  ms: { p50: percentile(50), p95: percentile(95), p99: percentile(99) },
};

// Interprets conditions such as {"all": [{"path": "user.age", "gte": 18}, {"not": {...}}]}.

function lookUp(event, path) {
  let value = event;
  for (const key of path.split(".")) {
    if (value === null || value === undefined) return undefined;
    value = value[key];
  }
  return value;
}

var operators = {
  eq: (value, wanted) => value === wanted,
  ne: (value, wanted) => value !== wanted,
  gt: (value, wanted) => typeof value === "number" && value > wanted,
  gte: (value, wanted) => typeof value === "number" && value >= wanted,
  lt: (value, wanted) => typeof value === "number" && value < wanted,
  in: (value, wanted) => wanted.includes(value),
  contains: (value, wanted) => (Array.isArray(value) || typeof value === "string") && value.includes(wanted),
  startsWith: (value, wanted) => typeof value === "string" && value.startsWith(wanted),
  exists: (value, wanted) => (value !== undefined && value !== null) === wanted,
  between: (value, wanted) => typeof value === "number" && value >= wanted[0] && value <= wanted[1],
};

function holds(condition, event) {
  if (condition.all) return condition.all.every((inner) => holds(inner, event));
  if (condition.any) return condition.any.some((inner) => holds(inner, event));
  if (condition.not) return !holds(condition.not, event);
  if (condition.each) {
    const items = lookUp(event, condition.each);
    return Array.isArray(items) && items.every((item) => holds(condition.where, item));
  }
  const value = lookUp(event, condition.path);
  for (const name of Object.keys(condition)) {
    if (name === "path") continue;
    const operator = operators[name];
    if (!operator) throw new Error("unknown operator " + name);
    if (!operator(value, condition[name])) return false;
  }
  return true;
}

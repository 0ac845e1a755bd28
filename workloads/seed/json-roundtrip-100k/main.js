// Copies the document member by member, as code does that renames or redacts a few of them.
const SECRET = new Set(["password", "token"]);

function copy(value) {
  if (Array.isArray(value)) return value.map(copy);
  if (value === null || typeof value !== "object") return value;
  const result = {};
  for (const key of Object.keys(value)) {
    result[key] = SECRET.has(key) ? "***" : copy(value[key]);
  }
  return result;
}

return copy(input);

// A small template language: {{name}} escaped, {{{name}}} as it is, {{#list}}…{{/list}} for lists and
// objects, {{#flag}}…{{/flag}}, {{^flag}}…{{/flag}}. Names may be dotted; `.` is the current item.

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (c) => {
    return { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }[c];
  });
}

function resolve(name, scopes) {
  if (name === ".") return scopes[scopes.length - 1];
  const [head, ...rest] = name.split(".");
  for (let at = scopes.length - 1; at >= 0; at--) {
    const scope = scopes[at];
    if (scope !== null && typeof scope === "object" && head in scope) {
      return rest.reduce((value, key) => (value === undefined || value === null ? value : value[key]), scope[head]);
    }
  }
  return undefined;
}

// Returns a function of the data. Each tag becomes a closure, so that rendering parses nothing.
function compileTemplate(source) {
  const tag = /\{\{\{\s*([\w.]+)\s*\}\}\}|\{\{\s*([#^\/]?)\s*([\w.]+)\s*\}\}/g;
  const root = [];
  const open = [{ parts: root, name: null }];
  let at = 0;
  const text = (end) => {
    const literal = source.slice(at, end);
    if (literal) open[open.length - 1].parts.push(() => literal);
  };
  for (let found = tag.exec(source); found; found = tag.exec(source)) {
    text(found.index);
    at = tag.lastIndex;
    const [, raw, sign, name] = found;
    const { parts } = open[open.length - 1];
    if (raw) {
      parts.push((scopes) => String(resolve(raw, scopes) ?? ""));
    } else if (sign === "") {
      parts.push((scopes) => escapeHtml(resolve(name, scopes) ?? ""));
    } else if (sign === "/") {
      const closed = open.pop();
      if (closed.name !== name) throw new Error("unexpected {{/" + name + "}}");
    } else {
      const inner = [];
      parts.push(sign === "#" ? section(name, inner) : inverted(name, inner));
      open.push({ parts: inner, name });
    }
  }
  text(source.length);
  if (open.length > 1) throw new Error("missing {{/" + open[open.length - 1].name + "}}");
  return (data) => renderParts(root, [data]);
}

function renderParts(parts, scopes) {
  let out = "";
  for (const part of parts) out += part(scopes);
  return out;
}

function isEmpty(value) {
  return !value || (Array.isArray(value) && value.length === 0);
}

function section(name, parts) {
  return (scopes) => {
    const value = resolve(name, scopes);
    if (isEmpty(value)) return "";
    const items = Array.isArray(value) ? value : [value];
    return items.map((item) => renderParts(parts, [...scopes, item])).join("");
  };
}

function inverted(name, parts) {
  return (scopes) => (isEmpty(resolve(name, scopes)) ? renderParts(parts, scopes) : "");
}

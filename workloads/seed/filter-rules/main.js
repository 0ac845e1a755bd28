const { event, rules } = input;
const hits = rules
  .filter((rule) => rule.enabled && holds(rule.when, event))
  .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1));

const fired = [];
const actions = {};
for (const rule of hits) {
  fired.push(rule.id);
  for (const [action, target] of Object.entries(rule.then)) {
    (actions[action] = actions[action] || []).push(target);
  }
  if (rule.stop) break;
}
return { matched: hits.length, fired, actions };

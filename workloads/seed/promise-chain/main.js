// Look-ups that a host would serve over the network; here they answer from the input, one turn later.
const users = new Map(input.users.map((user) => [user.id, user]));
const log = [];

async function getUser(id) {
  await null;
  const user = users.get(id);
  if (!user) throw new Error("no user " + id);
  return user;
}

function getScore(user) {
  return Promise.resolve(user.events)
    .then((events) => events.filter((event) => event.weight > 0))
    .then((events) => events.reduce((sum, event) => sum + event.weight * event.count, 0))
    .finally(() => log.push(user.id));
}

async function withRetry(action, attempts) {
  for (let attempt = 1; ; attempt++) {
    try {
      return { attempt, value: await action(attempt) };
    } catch (error) {
      if (attempt === attempts) return { attempt, error: error.message };
    }
  }
}

const scores = await Promise.all(
  input.users.map(async ({ id }) => {
    const user = await getUser(id);
    return { id, score: await getScore(user), manager: (await getUser(user.manager).catch(() => null))?.name ?? null };
  })
);

const settled = await Promise.allSettled(input.wanted.map((id) => getUser(id)));
const first = await Promise.race([getUser(input.users[0].id), getUser(input.users[1].id)]);

let running = 0;
for (const { score } of scores) running = await Promise.resolve((running * 7 + score) % 99991);

const retried = await withRetry(async (attempt) => {
  if (attempt < 3) throw new RangeError("not yet");
  return (await getUser(input.users[2].id)).name;
}, 5);
const gaveUp = await withRetry((attempt) => getUser("missing-" + attempt), 2);

return {
  scores,
  found: settled.filter((result) => result.status === "fulfilled").map((result) => result.value.name),
  missing: settled.filter((result) => result.status === "rejected").map((result) => result.reason.message),
  first: first.name,
  running,
  retried,
  gaveUp,
  log: log.length,
};

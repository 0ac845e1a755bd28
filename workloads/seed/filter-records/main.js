// Open enterprise tickets in my regions that are late or have been escalated, newest first.
const { regions, today, mutedTags } = input.view;

function matches(ticket) {
  if (ticket.status === "closed" || ticket.deleted) return false;
  if (!regions.includes(ticket.customer.address.region)) return false;
  if ((ticket.customer.plan?.seats ?? 0) < 50) return false;
  if (ticket.tags.some((tag) => mutedTags.includes(tag))) return false;
  const late = ticket.due !== null && ticket.due < today;
  return late || ticket.history.some((event) => event.type === "escalated" && event.level >= 2);
}

return input.tickets
  .filter(matches)
  .sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : a.id - b.id))
  .map((ticket) => ticket.id);

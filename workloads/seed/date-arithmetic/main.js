const DAY = 86400000;
const holidays = new Set(input.holidays);
const iso = (date) => date.toISOString().slice(0, 10);

function addBusinessDays(start, days) {
  let date = start;
  while (days > 0) {
    date = new Date(date.getTime() + DAY);
    const weekday = date.getUTCDay();
    if (weekday !== 0 && weekday !== 6 && !holidays.has(iso(date))) days -= 1;
  }
  return date;
}

// The same day n months on, or that month's last.
function addMonths(start, n) {
  const month = start.getUTCMonth() + n;
  const last = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(start.getUTCFullYear(), month, Math.min(start.getUTCDate(), last)));
}

function isoWeek(date) {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY);
  const firstDay = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - firstDay) / DAY / 7) + 1;
  return thursday.getUTCFullYear() + "-W" + String(week).padStart(2, "0");
}

function dueDate(issued, terms) {
  switch (terms.unit) {
    case "days":
      return new Date(issued.getTime() + terms.count * DAY);
    case "business-days":
      return addBusinessDays(issued, terms.count);
    case "months":
      return addMonths(issued, terms.count);
    case "end-of-month":
      return new Date(Date.UTC(issued.getUTCFullYear(), issued.getUTCMonth() + 1 + terms.count, 0));
    default:
      throw new Error("unknown terms " + terms.unit);
  }
}

const today = new Date(input.today + "T00:00:00.000Z");
const weeks = {};
const invoices = input.invoices.map(({ id, issued, terms }) => {
  const due = dueDate(new Date(issued + "T00:00:00.000Z"), terms);
  const week = isoWeek(due);
  weeks[week] = (weeks[week] || 0) + 1;
  return { id, due: iso(due), overdue: Math.max(0, Math.round((today - due) / DAY)) };
});
return { invoices, weeks };

const TAX = { standard: 0.19, reduced: 0.07, none: 0 };

function priceOf(line) {
  const gross = line.unitCents * line.quantity;
  const discount = (line.discounts || []).reduce(
    (sum, d) => sum + (d.type === "percent" ? Math.round((gross * d.value) / 100) : d.value),
    0
  );
  return Math.max(0, gross - discount);
}

function summarise(order) {
  const lines = order.lines.map(({ sku, product: { title, category, tax }, ...line }) => {
    const net = priceOf(line);
    return { sku, title: title.trim(), category, quantity: line.quantity, net, tax: Math.round(net * TAX[tax]) };
  });
  const net = lines.reduce((sum, line) => sum + line.net, 0);
  const tax = lines.reduce((sum, line) => sum + line.tax, 0);
  const shipping = net >= 5000 ? 0 : order.shipping?.cents ?? 495;
  const { first, last } = order.customer.name;
  return {
    id: `O-${String(order.number).padStart(6, "0")}`,
    customer: [first, last].filter(Boolean).join(" "),
    email: order.customer.contacts.find((c) => c.kind === "email")?.value.toLowerCase() ?? null,
    ship_to: Object.values(order.customer.address).filter(Boolean).join(", "),
    lines,
    totals: { net, tax, shipping, gross: net + tax + shipping },
  };
}

const orders = input.orders.filter((order) => order.state !== "cancelled").map(summarise);
const byCategory = {};
for (const { lines } of orders) {
  for (const { category, quantity, net } of lines) {
    const entry = (byCategory[category] = byCategory[category] || { quantity: 0, net: 0 });
    entry.quantity += quantity;
    entry.net += net;
  }
}
return { orders, byCategory, gross: orders.reduce((sum, order) => sum + order.totals.gross, 0) };

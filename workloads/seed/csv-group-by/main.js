// RFC 4180: fields may be quoted, and then hold commas, line breaks and doubled quotes.
function parseCsv(text) {
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[at + 1] === '"') field += text[++at];
      else quoted = false;
    } else if (c === '"') {
      quoted = true;
    } else if (c === ",") {
      row.push(field);
      field = "";
    } else if (c === "\n") {
      row.push(field);
      rows.push(row);
      row = [];
      field = "";
    } else if (c !== "\r") {
      field += c;
    }
  }
  return rows;
}

const [header, ...rows] = parseCsv(input.csv);
const records = rows.map((row) => Object.fromEntries(header.map((name, at) => [name, row[at]])));

const groups = new Map();
for (const record of records) {
  const key = record.region + "/" + record.product;
  let group = groups.get(key);
  if (!group) groups.set(key, (group = { key, count: 0, units: 0, cents: 0, remarks: 0, largest: "" }));
  const [euros, cents = "0"] = record.amount.split(".");
  group.count += 1;
  group.units += parseInt(record.units, 10);
  group.cents += Number(euros) * 100 + Number(cents.padEnd(2, "0"));
  if (record.remark !== "") group.remarks += 1;
  if (record.remark.length > group.largest.length) group.largest = record.remark;
}
return [...groups.values()].sort((a, b) => b.cents - a.cents || (a.key < b.key ? -1 : 1));

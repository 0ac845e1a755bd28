const WIDTH = 64;
const rule = "=".repeat(WIDTH);

function wrap(text, width) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line ? line + " " + word : word;
    }
  }
  return line ? [...lines, line] : lines;
}

function money(cents) {
  const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return whole + "." + String(cents % 100).padStart(2, "0");
}

let report = rule + "\n" + input.title.toUpperCase().padStart((WIDTH + input.title.length) / 2) + "\n" + rule + "\n";
let total = 0;
for (const [at, item] of input.items.entries()) {
  const amount = money(item.cents);
  const label = `${String(at + 1).padStart(4)}. ${item.name[0].toUpperCase()}${item.name.slice(1)} `;
  report += label.padEnd(WIDTH - amount.length - 1, ".") + " " + amount + "\n";
  for (const line of wrap(item.text, WIDTH - 8)) report += "        " + line + "\n";
  total += item.cents;
}
report += "-".repeat(WIDTH) + "\n" + money(total).padStart(WIDTH) + "\n";
report = report.split("[company]").join(input.company);

// The bytes the file will have, and a checksum over its characters.
let checksum = 0;
for (let at = 0; at < report.length; at++) checksum = (checksum * 33 + report.charCodeAt(at)) >>> 0;

const lines = report.split("\n");
const initials = input.items.map((item) => item.name.charAt(0)).reverse().join("");
return {
  length: report.length,
  checksum,
  lines: lines.length,
  head: lines.slice(0, 8),
  total: lines[lines.length - 2].trim(),
  initials,
};

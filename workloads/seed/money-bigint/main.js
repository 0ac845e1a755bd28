// Amounts are decimal strings with up to 18 places. They become whole numbers of the smallest unit.
const PLACES = 18;
const UNIT = 10n ** BigInt(PLACES);

function parse(amount) {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  const units = BigInt(whole) * UNIT + BigInt(fraction.padEnd(PLACES, "0"));
  return sign ? -units : units;
}

function format(units) {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(PLACES + 1, "0");
  const fraction = digits.slice(-PLACES).replace(/0+$/, "");
  return sign + digits.slice(0, -PLACES) + (fraction ? "." + fraction : "");
}

// Rounds half to even, as banks do.
function divide(a, b) {
  const quotient = a / b;
  const twice = (a % b) * 2n;
  const magnitude = twice < 0n ? -twice : twice;
  if (magnitude < b || (magnitude === b && quotient % 2n === 0n)) return quotient;
  return quotient + (a < 0n ? -1n : 1n);
}

const balances = new Map(Object.entries(input.balances).map(([account, amount]) => [account, parse(amount)]));
const rejected = [];
let fees = 0n;

for (const { id, from, to, amount } of input.transfers) {
  const units = parse(amount);
  const fee = divide(units * BigInt(input.feeBasisPoints), 10000n);
  if (balances.get(from) < units + fee) {
    rejected.push(id);
    continue;
  }
  balances.set(from, balances.get(from) - units - fee);
  balances.set(to, balances.get(to) + units);
  fees += fee;
}

// A year of daily compound interest, per account, at a rate of so many millionths a day.
let interest = 0n;
for (const [account, start] of balances) {
  let balance = start;
  for (let day = 0; day < input.days; day++) {
    balance += divide(balance * BigInt(input.dailyRateMillionths), 1000000n);
  }
  interest += balance - start;
  balances.set(account, balance);
}

const total = [...balances.values()].reduce((sum, units) => sum + units, 0n);
return {
  balances: Object.fromEntries([...balances].map(([account, units]) => [account, format(units)])),
  fees: format(fees),
  interest: format(interest),
  total: format(total),
  rejected,
};

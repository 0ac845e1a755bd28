const records = input.readings.map((value, at) => ({ sensor: at % 97, value, band: Math.floor(value / 1000) }));

const sensors = records.reduce((all, { sensor, value }) => {
  let stats = all.get(sensor);
  if (!stats) all.set(sensor, (stats = { sensor, count: 0, sum: 0, min: Infinity, max: -Infinity }));
  stats.count += 1;
  stats.sum += value;
  stats.min = Math.min(stats.min, value);
  stats.max = Math.max(stats.max, value);
  return all;
}, new Map());

// The readings worth a look, the highest band first.
const ranked = records
  .filter((record) => record.band >= 7)
  .sort((a, b) => b.band - a.band || a.sensor - b.sensor || a.value - b.value);

return {
  distinct: new Set(input.readings).size,
  ranked: ranked.length,
  checksum: ranked.reduce((sum, record, at) => (sum * 31 + record.value + at) % 1000000007, 7),
  first: ranked.slice(0, 3),
  loudest: [...sensors.values()]
    .filter((stats) => stats.count > 100)
    .map((stats) => ({ ...stats, mean: Math.floor(stats.sum / stats.count) }))
    .sort((a, b) => b.mean - a.mean || a.sensor - b.sensor)
    .slice(0, 5),
};

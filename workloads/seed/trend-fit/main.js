const { series, smoothing, horizon } = input;
const n = series.length;

// Least squares over (hour, value), with the correlation.
let sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
series.forEach((y, x) => {
  sx += x;
  sy += y;
  sxx += x * x;
  sxy += x * y;
  syy += y * y;
});
const slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
const intercept = (sy - slope * sx) / n;
const correlation = (n * sxy - sx * sy) / Math.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));

// What the line leaves over: its spread, and an exponentially weighted average of it.
const residuals = series.map((y, x) => y - (intercept + slope * x));
const deviation = Math.sqrt(residuals.reduce((sum, r) => sum + r * r, 0) / (n - 2));
const smoothed = residuals.reduce((level, r) => smoothing * r + (1 - smoothing) * level, 0);
const outliers = residuals.flatMap((r, x) => (Math.abs(r) > 2.5 * deviation ? [x] : []));

// The daily wave, by its Fourier coefficient.
let re = 0, im = 0;
residuals.forEach((r, x) => {
  re += r * Math.cos((2 * Math.PI * x) / 24);
  im -= r * Math.sin((2 * Math.PI * x) / 24);
});
const amplitude = (2 * Math.hypot(re, im)) / n;
const phase = Math.atan2(im, re);

const forecast = [];
for (let h = 1; h <= horizon; h++) {
  const x = n - 1 + h;
  const wave = amplitude * Math.cos((2 * Math.PI * x) / 24 + phase);
  forecast.push(intercept + slope * x + wave + smoothed * Math.exp(-h / 6));
}
return { slope, intercept, correlation, deviation, smoothed, outliers, amplitude, forecast };

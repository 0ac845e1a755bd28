//! Quantities with their units: the one place that decides how a number is written for a reader.

use std::fmt;

/// A number that knows its unit. Three significant figures at most: the histograms hold no more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// A latency in microseconds.
    Latency(f64),
    /// A duration in seconds.
    Seconds(f64),
    /// Events a second.
    Rate(f64),
    /// A size in bytes.
    Bytes(u64),
    /// A change of size in bytes, with its sign.
    Growth(i64),
    /// How many times something else.
    Ratio(f64),
    /// A part of a whole, 0 to 1, written in per cent.
    Share(f64),
    /// A part of a whole that is to be all of it, 0 to 1, in per cent to the hundredth and never rounded up.
    Availability(f64),
    /// A difference of two shares, -1 to 1, in percentage points with its sign.
    Points(f64),
    /// How many.
    Count(u64),
    /// A plain mean of counts.
    Mean(f64),
}

const LATENCY: [(f64, &str); 4] = [(1e-3, " ns"), (1.0, " µs"), (1e3, " ms"), (1e6, " s")];
const RATE: [(f64, &str); 3] = [(1.0, "/s"), (1e3, "k/s"), (1e6, "M/s")];
const BYTES: [(f64, &str); 4] =
    [(1.0, " B"), (1024.0, " KiB"), (1024.0 * 1024.0, " MiB"), (1024.0 * 1024.0 * 1024.0, " GiB")];

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::Latency(0.0) => "0 µs".to_owned(),
            Self::Latency(micros) => scaled(micros, &LATENCY),
            Self::Seconds(seconds) => format!("{} s", figures(seconds)),
            Self::Rate(rate) => scaled(rate, &RATE),
            Self::Bytes(bytes) => scaled(bytes as f64, &BYTES),
            Self::Growth(bytes) => {
                let sign = if bytes < 0 { "−" } else { "+" };
                format!("{sign}{}", scaled(bytes.unsigned_abs() as f64, &BYTES))
            }
            Self::Ratio(ratio) => format!("{}×", figures(ratio)),
            Self::Share(share) => per_cent(share),
            Self::Availability(share) => availability(share),
            Self::Points(0.0) => "±0".to_owned(),
            Self::Points(difference) => {
                let sign = if difference < 0.0 { "−" } else { "+" };
                format!("{sign}{}", figures(difference.abs() * 100.0))
            }
            Self::Count(count) => grouped(count),
            Self::Mean(mean) => figures(mean),
        };
        f.pad(&text)
    }
}

/// The value in the unit that leaves one to three digits before the point.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    // A value that would be rounded up to the next unit's 1 belongs there.
    let fits = |pair: &[(f64, &str)]| value.abs() < pair[1].0 * 0.9995;
    let (factor, unit) = match units.windows(2).find(|pair| fits(pair)) {
        Some(pair) => pair[0],
        None => units[units.len() - 1],
    };
    format!("{}{unit}", figures(value / factor))
}

/// Three significant figures, but never more than six decimals, and whole numbers without any.
fn figures(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    let decimals = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.0995 => 2,
        _ => (1.0 - size.log10().floor()).clamp(2.0, 6.0) as usize,
    };
    format!("{value:.decimals$}")
}

fn per_cent(share: f64) -> String {
    if share > 0.0 && share < 1e-5 {
        return "<0.001 %".to_owned();
    }
    if share == 1.0 {
        return "100 %".to_owned();
    }
    // All but everything must not be rounded up to everything.
    if share < 1.0 && share > 0.9995 {
        return ">99.9 %".to_owned();
    }
    format!("{} %", figures(share * 100.0))
}

fn availability(share: f64) -> String {
    match share {
        1.0 => "100 %".to_owned(),
        // A hair is added for shares that are whole hundredths, but not in binary.
        _ => format!("{:.2} %", (share * 1e4 + 1e-6).floor() / 1e2),
    }
}

/// Digits in groups of three.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Quantity::{self, *};

    #[track_caller]
    fn check(quantity: Quantity, expected: &str) {
        assert_eq!(quantity.to_string(), expected);
    }

    #[test]
    fn latencies() {
        check(Latency(0.0), "0 µs");
        check(Latency(0.84), "840 ns");
        check(Latency(1.0), "1.00 µs");
        check(Latency(12.34), "12.3 µs");
        check(Latency(999.4), "999 µs");
        check(Latency(999.6), "1.00 ms");
        check(Latency(12_345.0), "12.3 ms");
        check(Latency(61e6), "61.0 s");
        check(Latency(f64::NAN), "– s");
    }

    #[test]
    fn rates_and_sizes() {
        check(Rate(0.0), "0/s");
        check(Rate(0.25), "0.25/s");
        check(Rate(999.9), "1.00k/s");
        check(Rate(1_234_567.0), "1.23M/s");
        check(Bytes(0), "0 B");
        check(Bytes(1024), "1.00 KiB");
        check(Bytes(128 << 20), "128 MiB");
        check(Bytes(1 << 40), "1024 GiB");
        check(Growth(-2048), "−2.00 KiB");
        check(Growth(5 << 20), "+5.00 MiB");
    }

    #[test]
    fn plain_numbers() {
        check(Ratio(1.0), "1.00×");
        check(Ratio(0.0034), "0.0034×");
        check(Ratio(0.05), "0.050×");
        check(Ratio(123.4), "123×");
        check(Share(0.0), "0 %");
        check(Share(0.000_001), "<0.001 %");
        check(Share(0.031), "3.10 %");
        check(Share(0.999_9), ">99.9 %");
        check(Share(1.0), "100 %");
        check(Availability(0.41), "41.00 %");
        check(Availability(0.999_8), "99.98 %");
        check(Availability(0.999_999), "99.99 %");
        check(Availability(0.07), "7.00 %");
        check(Availability(0.0), "0.00 %");
        check(Availability(1.0), "100 %");
        check(Points(0.0), "±0");
        check(Points(0.003_1), "+0.31");
        check(Points(-0.589), "−58.9");
        check(Count(7), "7");
        check(Count(1_234_567), "1,234,567");
        check(Seconds(5.0), "5.00 s");
        assert_eq!(format!("{:>8}|", Count(1000)), "   1,000|");
    }
}

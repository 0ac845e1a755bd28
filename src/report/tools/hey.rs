//! hey: the summary that it prints.

use super::{Form, after, number, told, untold};
use crate::record::{LoadTool, OtherTool, ToolErrors, ToolLatency};

pub(super) const TEXT: Form = Form {
    tool: LoadTool::Hey,
    expected: "the summary that `hey` prints",
    // oha's text begins alike, but with the rate of success.
    is_meant: |text| {
        let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "Summary:").skip(1);
        lines.next().is_some_and(|line| line.starts_with("Total:"))
    },
    read: |text| Ok(vec![read(text)?]),
};

/// hey keeps the times of so many answers; its mean is the sum of all times over the number of those it kept.
const KEPT: u64 = 1_000_000;

fn read(text: &str) -> Result<OtherTool, String> {
    let (mut answered, mut status) = (0, 0);
    for (code, rest) in bracketed(text, "Status code distribution:")? {
        let count: u64 = number(rest.trim_end_matches("responses"))?;
        answered += count;
        status += if code >= 400 { count } else { 0 };
    }
    // Printed only where there are any.
    let failures = bracketed(text, "Error distribution:").unwrap_or_default();
    let unanswered: u64 = failures.iter().map(|(count, _)| count).sum();
    let mean = told(micros(after(text, "Average:")?)?);
    let percentile = |label: &str| after(text, label).map_or(Ok(None), |time| micros(time).map(told));
    Ok(OtherTool {
        duration_s: Some(micros(after(text, "Total:")?)? / 1e6),
        requests: Some(answered + unanswered),
        requests_per_s: Some(number(after(text, "Requests/sec:")?)?),
        latency_us: ToolLatency {
            p50: percentile("50% in")?,
            p90: percentile("90% in")?,
            p95: percentile("95% in")?,
            p99: percentile("99% in")?,
            max: told(micros(after(text, "Slowest:")?)?),
            mean: mean.filter(|_| answered <= KEPT),
            ..ToolLatency::default()
        },
        errors: ToolErrors {
            status: Some(status),
            total: Some(status + unanswered),
            ..ToolErrors::default()
        },
        ..untold(LoadTool::Hey)
    })
}

/// `0.0196 secs`.
fn micros(text: &str) -> Result<f64, String> {
    let seconds = text.strip_suffix("secs").ok_or_else(|| format!("`{text}` is no time"))?;
    Ok(number::<f64>(seconds)? * 1e6)
}

/// The lines below a heading, such as `[200] 5763 responses`: the number in brackets, and what follows it.
fn bracketed<'a>(text: &'a str, heading: &str) -> Result<Vec<(u64, &'a str)>, String> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != heading);
    lines.next().ok_or_else(|| format!("it has no line `{heading}`"))?;
    let parts = lines.map_while(|line| line.strip_prefix('[')?.split_once(']'));
    parts.map(|(inside, rest)| Ok((number(inside)?, rest))).collect()
}

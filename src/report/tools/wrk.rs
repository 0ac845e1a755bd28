//! wrk: the text it prints, and the JSON that `scripts/load/wrk.lua` writes.

use serde::Deserialize;

use super::{Form, after, is_object, number, told, untold};
use crate::record::{LoadTool, OtherTool, ToolErrors, ToolLatency};

pub(super) const JSON: Form = Form {
    tool: LoadTool::Wrk,
    expected: "the JSON that scripts/load/wrk writes",
    is_meant: |text| {
        #[derive(Deserialize)]
        struct Probe {
            tool: String,
        }
        is_object(text) && serde_json::from_str::<Probe>(text).is_ok_and(|probe| probe.tool == "wrk")
    },
    read: read_json,
};

pub(super) const TEXT: Form = Form {
    tool: LoadTool::Wrk,
    expected: "what `wrk --latency` prints",
    // wrk2 prints nearly the same, of an open loop.
    is_meant: |text| running(text).is_some() && !text.contains("Thread calibration:"),
    read: |text| Ok(vec![read_text(text)?]),
};

#[derive(Deserialize)]
struct Written {
    url: Option<String>,
    connections: Option<u64>,
    requests: u64,
    duration_us: f64,
    requests_per_s: f64,
    latency_us: ToolLatency,
    errors: ToolErrors,
}

fn read_json(text: &str) -> Result<Vec<OtherTool>, String> {
    let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let ToolLatency { p50, p90, p95, p99, p999, max, mean } = written.latency_us;
    let [p50, p90, p95, p99, p999, max, mean] =
        [p50, p90, p95, p99, p999, max, mean].map(|time| time.and_then(told));
    Ok(vec![OtherTool {
        target: written.url,
        clients: written.connections,
        duration_s: Some(written.duration_us / 1e6),
        requests: Some(written.requests),
        requests_per_s: Some(written.requests_per_s),
        latency_us: ToolLatency { p50, p90, p95, p99, p999, max, mean },
        errors: written.errors,
        ..untold(LoadTool::Wrk)
    }])
}

/// The URL behind `Running 30s test @ `.
fn running(text: &str) -> Option<&str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("Running "));
    lines.filter_map(|line| Some(line.split_once(" test @ ")?.1.trim())).next()
}

fn read_text(text: &str) -> Result<OtherTool, String> {
    let clients = text.lines().find_map(|line| line.trim().strip_suffix(" connections")?.split_once(" and "));
    let (_, clients) = clients.ok_or("it has no line `… threads and … connections`")?;
    let requests_per_s = number(after(text, "Requests/sec:")?)?;
    let of_requests = text.lines().find_map(|line| line.trim().split_once(" requests in "));
    let (requests, rest) = of_requests.ok_or("it has no line `… requests in …`")?;
    let duration = rest.split(',').next().unwrap_or_default();
    let spread: Vec<&str> = after(text, "Latency ")?.split_whitespace().collect();
    let [mean, _, max, ..] = spread[..] else {
        return Err("its line `Latency` has too few figures".to_owned());
    };
    let percentile = |label: &str| after(text, label).map_or(Ok(None), |time| micros(time).map(told));
    Ok(OtherTool {
        target: running(text).map(str::to_owned),
        clients: Some(number(clients)?),
        duration_s: Some(micros(duration)? / 1e6),
        requests: Some(number(requests)?),
        requests_per_s: Some(requests_per_s),
        latency_us: ToolLatency {
            p50: percentile("50% ")?,
            p90: percentile("90% ")?,
            p99: percentile("99% ")?,
            max: told(micros(max)?),
            mean: told(micros(mean)?),
            ..ToolLatency::default()
        },
        errors: errors(text)?,
        ..untold(LoadTool::Wrk)
    })
}

/// wrk prints these lines only where there is something to count: without them, all are 0.
fn errors(text: &str) -> Result<ToolErrors, String> {
    let sockets = after(text, "Socket errors:").unwrap_or_default();
    let count = |kind: &str| {
        let counts = sockets.split(',').find_map(|part| part.trim().strip_prefix(kind));
        counts.map_or(Ok(0), number).map(Some)
    };
    Ok(ToolErrors {
        status: Some(after(text, "Non-2xx or 3xx responses:").map_or(Ok(0), number)?),
        connect: count("connect ")?,
        read: count("read ")?,
        write: count("write ")?,
        timeout: count("timeout ")?,
        total: None,
    })
}

/// A time as wrk writes it: `812.00us`, `8.55ms`, `3.03s`, `1.00m`, `2.00h`.
fn micros(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 60e6), ("h", 3600e6)];
    let known = units.iter().find_map(|(unit, micros)| Some((text.strip_suffix(unit)?, micros)));
    let (figure, micros) = known.ok_or_else(|| format!("`{text}` is no time"))?;
    Ok(number::<f64>(figure)? * micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_units() {
        let times = ["812.00us", "8.55ms", "3.03s", "1.50m", "2.00h"].map(|text| micros(text).unwrap());
        assert_eq!(times, [812.0, 8550.0, 3.03e6, 90e6, 7200e6]);
        assert_eq!(micros("8.55"), Err("`8.55` is no time".to_owned()));
        assert_eq!(micros("xs"), Err("`x` is no number".to_owned()));
    }
}

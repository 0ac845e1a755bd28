//! Response time over the rate of an open loop: flat, and then it is not.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::over_time::ticks;
use super::{Axis, COLOURS, DrawError, Plot, SIZE, frame, latency_ticks, layout_error, svg, tick_name};
use crate::report::{Quantity, ReportError};

/// Room above and below what is drawn, in decades.
const ROOM: f64 = 0.08;

/// Draws lines of rates a second and microseconds, in the order of the page's colours and with a sign for each, and
/// what they must stay below. Nothing without at least two points.
pub(in crate::report) fn over_load(
    title: String,
    lines: &[Vec<(f64, f64)>],
    limits: &[f64],
) -> Result<Option<Plot>, ReportError> {
    let log = |(rate, us): &(f64, f64)| (*rate, us.log10());
    let is_seen = |(rate, us): &&(f64, f64)| *rate > 0.0 && *us > 0.0;
    let lines: Vec<Vec<(f64, f64)>> =
        lines.iter().map(|line| line.iter().filter(is_seen).map(log).collect()).collect();
    let limits: Vec<f64> = limits.iter().filter(|us| **us > 0.0).map(|us| us.log10()).collect();
    if lines.iter().all(|line| line.len() < 2) {
        return Ok(None);
    }
    let svg = svg(SIZE, |root| draw(root, &lines, &limits)).map_err(|error| layout_error(&error))?;
    Ok(Some(Plot { title, svg }))
}

fn draw(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    lines: &[Vec<(f64, f64)>],
    limits: &[f64],
) -> Result<(), DrawError> {
    let rates = || lines.iter().flatten().map(|point| point.0);
    let times = || lines.iter().flatten().map(|point| point.1).chain(limits.iter().copied());
    let (left, right) = (0.0, rates().fold(f64::MIN_POSITIVE, f64::max) * 1.02);
    let (low, high) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = (low - ROOM, high + ROOM);
    let x = Axis { range: left..right, ticks: ticks(left, right, 0.0), name: rate_name };
    let y = Axis { range: low..high, ticks: latency_ticks(low, high), name: tick_name };
    let mut chart = frame(root, (x, "jobs a second"), (y, ""))?;
    let of = |(r, g, b)| RGBColor(r, g, b);
    for &limit in limits {
        let grey = of(COLOURS[COLOURS.len() - 1]).stroke_width(2);
        chart.draw_series(DashedLineSeries::new([(left, limit), (right, limit)], 6, 5, grey))?;
    }
    for (place, line) in lines.iter().enumerate() {
        let colour = of(COLOURS[place % COLOURS.len()]);
        chart.draw_series(LineSeries::new(line.iter().copied(), colour.stroke_width(2)))?;
        for &point in line {
            match place % 2 {
                0 => chart.draw_series([Circle::new(point, 4, colour.filled())]).map(drop)?,
                _ => chart.draw_series([TriangleMarker::new(point, 5, colour.filled())]).map(drop)?,
            }
        }
    }
    Ok(())
}

fn rate_name(rate: f64) -> String {
    let name = Quantity::Rate(rate).to_string();
    // A tick is a round number: its noughts after the point say nothing.
    let number: String = name.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let unit = &name[number.len()..];
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_named_without_needless_noughts() {
        assert_eq!(
            [0.0, 100.0, 2_000.0, 2_500.0, 0.5].map(rate_name),
            ["0/s", "100/s", "2k/s", "2.5k/s", "0.5/s"]
        );
    }

    #[test]
    fn lines_signs_and_limits_are_drawn() {
        let lines = [vec![(100.0, 900.0), (200.0, 1_000.0)], vec![(100.0, 2_000.0), (200.0, 90_000.0)]];
        let plot = over_load("load".to_owned(), &lines, &[50_000.0]).unwrap().unwrap();
        assert_eq!(plot.svg.matches("<circle").count(), 2, "{}", plot.svg);
        assert!(plot.svg.contains("jobs a second") && plot.svg.contains("50 ms"), "{}", plot.svg);
        let without = over_load("load".to_owned(), &lines, &[]).unwrap().unwrap();
        assert!(without.svg.matches("<polyline").count() < plot.svg.matches("<polyline").count());
        let dead = [vec![(100.0, 0.0)], Vec::new()];
        assert!(over_load("load".to_owned(), &dead, &[1.0]).unwrap().is_none());
    }
}

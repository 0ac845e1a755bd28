//! A quantity over the time of a run, as a small line chart.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Axis, COLOURS, DrawError, Plot, frame, layout_error, svg};
use crate::report::ReportError;

const SIZE: (u32, u32) = (560, 200);

/// Draws points of seconds and bytes, or of seconds and a count; nothing for fewer than two.
pub(in crate::report) fn over_time(
    title: String,
    points: &[(f64, f64)],
    are_bytes: bool,
) -> Result<Option<Plot>, ReportError> {
    if points.len() < 2 {
        return Ok(None);
    }
    let last = points[points.len() - 1].0;
    let (second, time) = match last {
        _ if last <= 180.0 => (1.0, "seconds"),
        _ if last <= 3.0 * 3600.0 => (60.0, "minutes"),
        _ => (3600.0, "hours"),
    };
    let (unit, name) = if are_bytes { (1024.0 * 1024.0, "MiB") } else { (1.0, "") };
    let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x / second, y / unit)).collect();
    let svg = svg(SIZE, |root| draw(root, &points, (time, name))).map_err(|e| layout_error(&e))?;
    Ok(Some(Plot { title, svg }))
}

fn draw(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    points: &[(f64, f64)],
    (time, unit): (&str, &str),
) -> Result<(), DrawError> {
    let right = points.iter().map(|point| point.0).fold(f64::MIN_POSITIVE, f64::max);
    let low = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    // A line that stands still lies in the middle, and a twitch of it fills no page.
    let room = ((high - low) * 0.1).max(high * 0.02).max(0.5);
    let (low, high) = ((low - room).max(0.0), high + room);
    // There is no half a thread.
    let least = if unit.is_empty() { 1.0 } else { 0.0 };
    let x = Axis { range: 0.0..right, ticks: ticks(0.0, right, 0.0), name: tick_name };
    let y = Axis { range: low..high, ticks: ticks(low, high, least), name: tick_name };
    let mut chart = frame(root, (x, time), (y, unit))?;
    let (r, g, b) = COLOURS[0];
    chart.draw_series(LineSeries::new(points.iter().copied(), RGBColor(r, g, b).stroke_width(2)))?;
    Ok(())
}

/// Round values between the two, some four of them: multiples of 1, 2 or 5 of a decade, at least so far apart.
pub(super) fn ticks(low: f64, high: f64, least: f64) -> Vec<f64> {
    let wanted = (high - low) / 4.0;
    let decade = 10_f64.powf(wanted.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade).into_iter().find(|step| *step >= wanted);
    let step = step.unwrap_or(wanted).max(least);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|place| place as f64 * step).collect()
}

fn tick_name(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let names = |low, high| ticks(low, high, 0.0).into_iter().map(tick_name).collect::<Vec<_>>();
        assert_eq!(names(0.0, 10.0), ["0", "5", "10"]);
        assert_eq!(names(0.0, 600.0), ["0", "200", "400", "600"]);
        assert_eq!(names(11.5, 12.5), ["11.5", "12", "12.5"]);
        assert_eq!(ticks(7.5, 9.5, 1.0), [8.0, 9.0]);
        assert_eq!(names(97.0, 131.0), ["100", "110", "120", "130"]);
    }

    #[test]
    fn a_line_that_stands_still_is_drawn_too() {
        let still: Vec<(f64, f64)> = (0..20).map(|at| (f64::from(at) * 60.0, 12.0)).collect();
        let plot = over_time("Threads".to_owned(), &still, false).unwrap().unwrap();
        assert!(plot.svg.contains("<polyline") && plot.svg.contains("minutes"), "{}", plot.svg);
        assert!(over_time("one".to_owned(), &still[..1], false).unwrap().is_none());
        let none: Vec<(f64, f64)> = vec![(0.0, 0.0), (1.0, 0.0)];
        assert!(over_time("nought".to_owned(), &none, true).unwrap().unwrap().svg.contains("MiB"));
    }
}

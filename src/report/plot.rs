//! Plots as SVG. Here percentiles: how long the slowest share of the jobs took, one line an engine.

mod over_load;
mod over_time;

pub(super) use over_load::over_load;
pub(super) use over_time::over_time;

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use serde::Serialize;

use super::view::{Engine, Figures, Row, Setting};
use super::{Quantity, ReportError};

/// Colours by an engine's place: distinct under the common colour blindnesses, and legible on white. The page's
/// style sheet maps them for dark backgrounds.
pub(super) const COLOURS: [(u8, u8, u8); 7] = [
    (0x00, 0x72, 0xb2),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x9e, 0x73),
    (0xb3, 0x4a, 0x8c),
    (0x99, 0x6f, 0x00),
    (0x2a, 0x8f, 0xc7),
    (0x55, 0x55, 0x55),
];

/// Size in SVG units; pages scale it to their width.
const SIZE: (u32, u32) = (560, 320);

/// A drawn plot.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    /// What it shows, for a caption and for those who do not see it.
    pub title: String,
    pub svg: String,
}

/// One line of a plot: an engine's place and its points: x as `beyond` has it, y as log10 µs.
struct Line {
    engine: usize,
    points: Vec<(f64, f64)>,
    signs: Vec<(f64, f64)>,
}

/// Response-time plots of one workload, one for each of its rows, all with the same axes so that they compare.
pub(super) fn percentiles(rows: &[(&Setting, &Row)], engines: &[Engine]) -> Result<Vec<Plot>, ReportError> {
    let lines: Vec<Vec<Line>> = rows.iter().map(|(_, row)| lines(row)).collect();
    let points = || lines.iter().flatten().flat_map(|line| &line.points);
    if points().next().is_none() {
        return Ok(Vec::new());
    }
    let right = points().map(|point| point.0).fold(1.0, f64::max);
    let low = points().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    let mut plots = Vec::new();
    for ((setting, row), lines) in rows.iter().zip(&lines) {
        let drawn: Vec<&str> = lines.iter().map(|line| engines[line.engine].name.as_str()).collect();
        if drawn.is_empty() {
            continue;
        }
        let title = format!("Response time by percentile, {}, {}", row.label, setting.name);
        let axes = Axes { right: right + 0.05, low: low - 0.08, high: high + 0.08 };
        let svg = svg(SIZE, |root| draw_on(root, axes, lines)).map_err(|error| layout_error(&error))?;
        plots.push(Plot { title, svg });
    }
    Ok(plots)
}

fn lines(row: &Row) -> Vec<Line> {
    let measured = row.cells.iter().enumerate().filter_map(|(engine, cell)| Some((engine, cell.figures()?)));
    measured
        .map(|(engine, figures)| Line { engine, points: curve(figures), signs: signs(figures) })
        .filter(|line| !line.points.is_empty())
        .collect()
}

fn curve(figures: &Figures) -> Vec<(f64, f64)> {
    let latency = &figures.response;
    // The last sample stands at the percentile that it alone is beyond; 100 % itself is infinitely far right.
    let most = (latency.samples.max(1) as f64).log10();
    let place = |quantile: f64| if quantile < 1.0 { beyond(quantile).min(most) } else { most };
    let visible = latency.curve.iter().filter(|(_, micros)| *micros > 0.0);
    visible.map(|(quantile, micros)| (place(*quantile), micros.log10())).collect()
}

#[derive(Clone, Copy)]
struct Axes {
    right: f64,
    low: f64,
    high: f64,
}

/// An axis with ticks of its own choice: plotters would place them evenly, and logarithms are not read so.
struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
    name: fn(f64) -> String,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        low + (share * f64::from(high - low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        (self.name)(*value)
    }
}

type DrawError = DrawingAreaErrorKind<std::io::Error>;

fn layout_error(error: &DrawError) -> ReportError {
    ReportError::Layout { page: "plot", reason: error.to_string() }
}

/// What `draw` draws on an area of that size.
fn svg(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), DrawError>,
) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&root)?;
        root.present()?;
    }
    // Pages scale the drawing, so it must have no size of its own.
    let fixed = format!("width=\"{}\" height=\"{}\" ", size.0, size.1);
    Ok(svg.replacen(&fixed, "class=\"plot\" ", 1))
}

/// A chart as ours look, with its axes and their names, and nothing in it yet.
fn frame<'a, 'b>(
    root: &'b DrawingArea<SVGBackend<'a>, Shift>,
    (x, x_name): (Axis, &str),
    (y, y_name): (Axis, &str),
) -> Result<ChartContext<'b, SVGBackend<'a>, Cartesian2d<Axis, Axis>>, DrawError> {
    let mut chart = ChartBuilder::on(root)
        .margin(6)
        .margin_right(14)
        .x_label_area_size(42)
        .y_label_area_size(74)
        .build_cartesian_2d(x, y)?;
    let text = ("sans-serif", 16).into_font().color(&RGBColor(0x44, 0x44, 0x44));
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(0xdd, 0xdd, 0xdd))
        .axis_style(RGBColor(0x88, 0x88, 0x88))
        .label_style(text.clone())
        .x_desc(x_name)
        .y_desc(y_name)
        .axis_desc_style(text)
        .draw()?;
    Ok(chart)
}

fn draw_on(root: &DrawingArea<SVGBackend<'_>, Shift>, axes: Axes, lines: &[Line]) -> Result<(), DrawError> {
    let Axes { right, low, high } = axes;
    let x = Axis { range: 0.0..right, ticks: percentile_ticks(right), name: percentile_name };
    let y = Axis { range: low..high, ticks: latency_ticks(low, high), name: tick_name };
    let mut chart = frame(root, (x, "percentile of jobs"), (y, ""))?;
    for line in lines {
        let (r, g, b) = COLOURS[line.engine % COLOURS.len()];
        let colour = RGBColor(r, g, b);
        chart.draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?;
        for &point in &line.signs {
            let filled = colour.filled();
            match line.engine % 4 {
                0 => chart.draw_series([Circle::new(point, 4, filled)]).map(drop)?,
                1 => chart.draw_series([TriangleMarker::new(point, 5, filled)]).map(drop)?,
                2 => chart.draw_series([Cross::new(point, 4, colour.stroke_width(2))]).map(drop)?,
                _ => {
                    let square = EmptyElement::at(point) + Rectangle::new([(-4, -4), (4, 4)], filled);
                    chart.draw_series([square]).map(drop)?;
                }
            }
        }
    }
    Ok(())
}

/// Where a line carries its engine's sign, so that it is told apart without colour: at the percentiles of the
/// tables, as far as the samples carry them.
fn signs(figures: &Figures) -> Vec<(f64, f64)> {
    let latency = &figures.response;
    let percentiles =
        [(0.5, latency.p50()), (0.9, latency.p90()), (0.99, latency.p99()), (0.999, latency.p999())];
    let known = percentiles.into_iter().filter_map(|(quantile, micros)| Some((quantile, micros?)));
    known
        .filter(|(_, micros)| *micros > 0.0)
        .map(|(quantile, micros)| (beyond(quantile), micros.log10()))
        .collect()
}

/// How many tenths of tenths of the samples lie beyond a quantile: 1 at 90 %, 2 at 99 %.
fn beyond(quantile: f64) -> f64 {
    -(1.0 - quantile).log10()
}

/// 0, 50, 90, 99, 99.9 … %, as far as the axis goes.
fn percentile_ticks(right: f64) -> Vec<f64> {
    let mut ticks = vec![0.0, 2_f64.log10()];
    ticks.extend((1..=right.floor() as u32).map(f64::from));
    ticks
}

fn percentile_name(place: f64) -> String {
    match place {
        _ if place < 0.01 => "0".to_owned(),
        _ if place < 0.5 => "50".to_owned(),
        _ => {
            let nines = place.round() as usize;
            let decimals = nines.saturating_sub(2);
            format!("{:.decimals$}", 100.0 - 100.0 * 10_f64.powi(-(nines as i32)))
        }
    }
}

/// Round latencies between the two: 1, 2 and 5 of each decade, or the decades alone when there are many.
fn latency_ticks(low: f64, high: f64) -> Vec<f64> {
    let steps: &[f64] = if high - low > 3.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let decades = low.floor() as i32..=high.ceil() as i32;
    let ticks = decades.flat_map(|decade| steps.iter().map(move |step| f64::from(decade) + step.log10()));
    ticks.filter(|tick| (low..=high).contains(tick)).collect()
}

fn tick_name(log: f64) -> String {
    let name = Quantity::Latency(10_f64.powf(log)).to_string();
    // A tick is a round number: its noughts after the point say nothing.
    let (number, unit) = name.split_once(' ').unwrap_or((&name, ""));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let names = |right| percentile_ticks(right).into_iter().map(percentile_name).collect::<Vec<_>>();
        assert_eq!(names(4.3), ["0", "50", "90", "99", "99.9", "99.99"]);
        let latencies = |low, high| latency_ticks(low, high).into_iter().map(tick_name).collect::<Vec<_>>();
        assert_eq!(latencies(0.9, 2.1), ["10 µs", "20 µs", "50 µs", "100 µs"]);
        assert_eq!(latencies(-0.5, 4.1), ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]);
    }
}

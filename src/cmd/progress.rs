//! Progress on standard error: how far a matrix is, and what the cell under way does. Hidden where standard
//! error is no terminal.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::cell::CellEvent;

/// Two lines: the whole and the cell.
pub struct Progress {
    whole: ProgressBar,
    cell: ProgressBar,
}

impl Progress {
    /// Of `cells` cells.
    pub fn new(cells: usize) -> Self {
        let lines = MultiProgress::new();
        let whole = lines.add(ProgressBar::new(cells as u64));
        whole.set_style(style("{bar:30} {pos}/{len} cells, {elapsed} gone, {eta} to go"));
        let cell = lines.add(ProgressBar::new_spinner());
        cell.set_style(style("{spinner} {wide_msg}"));
        cell.enable_steady_tick(Duration::from_millis(100));
        Self { whole, cell }
    }

    /// A cell begins.
    pub fn begin(&self, title: &str) {
        self.cell.set_message(format!("{title}  (warming up)"));
    }

    /// What it is at now.
    pub fn say(&self, what: &str) {
        self.cell.set_message(what.to_owned());
    }

    /// A cell said something.
    pub fn event(&self, title: &str, event: &CellEvent) {
        if let CellEvent::Progress { errors, throughput_per_s, p50_us, p99_us, .. } = event {
            let errors = if *errors > 0 { format!("  {errors} errors") } else { String::new() };
            self.cell.set_message(format!(
                "{title}  {throughput_per_s:.0}/s  p50 {}  p99 {}{errors}",
                micros(*p50_us),
                micros(*p99_us)
            ));
        }
    }

    /// A cell has ended.
    pub fn end(&self) {
        self.whole.inc(1);
    }

    /// Takes the lines away.
    pub fn clear(&self) {
        self.cell.finish_and_clear();
        self.whole.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn micros(us: f64) -> String {
    if us < 1e3 {
        format!("{us:.1} µs")
    } else if us < 1e6 {
        format!("{:.2} ms", us / 1e3)
    } else {
        format!("{:.2} s", us / 1e6)
    }
}

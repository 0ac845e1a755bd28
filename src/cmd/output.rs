//! What the measuring commands write: the record as it grows, and the reports made from it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;

use super::cell::{CellEvent, CellTask};
use super::child::run_cell;
use super::matrix::Cell;
use super::{engines, workloads};
use crate::build::BuildFacts;
use crate::calibrate::Measured;
use crate::cli::{Settings, Shard};
use crate::executor::{Isolation, sandbox};
use crate::load::EarlyStop;
use crate::record::{
    self, Capacity, Containment, DriverLimits, Footprint, HostFacts, Measurement, NoiseFloor, RunRecord,
    SCHEMA_VERSION, Shards, Startup, VerdictRate,
};
use crate::report::{Format, Report};

/// A record in the making.
pub struct Recording {
    record: RunRecord,
    path: Option<PathBuf>,
}

impl Recording {
    /// Begins: host, build, seed and what was asked for.
    pub fn start(settings: &Settings) -> Self {
        let mut recording = Self::without_scripts(settings.plan.seed);
        let Self { record, .. } = &mut recording;
        record.minimal_effect = Some(settings.minimal_effect);
        record.sandbox = settings.isolations.contains(&Isolation::Process).then(sandbox::available);
        record.engines = settings.selection.engines.iter().map(engines::entry).collect();
        record.workloads = settings.selection.workloads.iter().map(workloads::entry).collect();
        recording
    }

    /// The same of a command that runs nobody's scripts.
    pub fn without_scripts(seed: u64) -> Self {
        let record = RunRecord {
            schema: SCHEMA_VERSION,
            created: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            command: without_secrets(std::env::args().skip(1)),
            seed,
            shards: None,
            host: HostFacts::read(),
            build: BuildFacts::read(),
            sandbox: None,
            engines: Vec::new(),
            workloads: Vec::new(),
            noise_floor: None,
            minimal_effect: None,
            measurements: Vec::new(),
            comparisons: Vec::new(),
            containment: Vec::new(),
            calibration: Vec::new(),
            instrument: None,
            startup: Vec::new(),
            footprint: Vec::new(),
            verdicts: Vec::new(),
            capacity: Vec::new(),
            other_tools: Vec::new(),
        };
        Self { record, path: None }
    }

    /// Of a part of the matrix, if there is one.
    pub fn of_shard(mut self, shard: Option<Shard>) -> Self {
        self.record.shards = shard.map(|Shard { index, of }| Shards { held: BTreeSet::from([index]), of });
        self
    }

    /// `<under>/<date>-<host>`, or with a number behind it where that folder holds a record already.
    pub fn default_folder(&self, under: &Path) -> PathBuf {
        let date = self.record.created.split('T').next().unwrap_or_default();
        let host = sysinfo::System::host_name().unwrap_or_else(|| "host".to_owned());
        let clean: String = host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let named = |n: u32| match n {
            1 => under.join(format!("{date}-{clean}")),
            n => under.join(format!("{date}-{clean}-{n}")),
        };
        (1..).map(named).find(|folder| !folder.join("record.json").exists()).unwrap_or_else(|| named(1))
    }

    /// From now on, keeps the record in this file too.
    pub fn save_to(&mut self, path: PathBuf) -> anyhow::Result<()> {
        self.path = Some(path);
        self.save()
    }

    /// Runs a cell in a process of its own; one whose engine is not built in is a row that says so.
    pub fn measure(
        &self,
        settings: &Settings,
        cell: &Cell,
        early_stop: &EarlyStop,
        on_event: impl FnMut(&CellEvent),
    ) -> anyhow::Result<Measurement> {
        let end = match cell.engine.is_there() {
            Ok(_) => run_cell(&cell.spec(settings, CellTask::Load), early_stop, on_event)?,
            Err(not_built) => CellEvent::Failed(not_built.to_string()).into(),
        };
        Ok(cell.measurement(settings, end))
    }

    /// Adds a row, and keeps it.
    pub fn push(&mut self, measurement: Measurement) -> anyhow::Result<()> {
        self.record.measurements.push(measurement);
        self.save()
    }

    /// Adds a row of containment, and keeps it.
    pub fn push_containment(&mut self, row: Containment) -> anyhow::Result<()> {
        self.record.containment.push(row);
        self.save()
    }

    /// Adds rows of startup, and keeps them.
    pub fn push_startup(&mut self, rows: Vec<Startup>) -> anyhow::Result<()> {
        self.record.startup.extend(rows);
        self.save()
    }

    /// Adds a row of footprint, and keeps it.
    pub fn push_footprint(&mut self, row: Footprint) -> anyhow::Result<()> {
        self.record.footprint.push(row);
        self.save()
    }

    /// Adds what a case of calibration came to, and keeps it.
    pub fn push_calibration(&mut self, measured: Measured) -> anyhow::Result<()> {
        self.record.calibration.extend(measured.rows);
        let instrument = self.record.instrument.get_or_insert_default();
        instrument.runs.push(measured.run);
        instrument.closed_loop = instrument.closed_loop.or(measured.closed_loop);
        self.save()
    }

    /// Adds what the driver can do, and keeps it.
    pub fn push_driver(&mut self, limits: DriverLimits) -> anyhow::Result<()> {
        self.record.instrument.get_or_insert_default().driver = Some(limits);
        self.save()
    }

    /// Counts verdicts, and keeps the counts.
    pub fn count_verdicts(&mut self, count: impl FnOnce(&mut Vec<VerdictRate>)) -> anyhow::Result<()> {
        count(&mut self.record.verdicts);
        self.save()
    }

    /// The record so far.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Adds a row of capacity, or puts it in the place of what was known of it so far, and keeps it.
    pub fn put_capacity(&mut self, row: Capacity) -> anyhow::Result<()> {
        match self.record.capacity.iter_mut().find(|known| known.is_same_row(&row)) {
            Some(known) => *known = row,
            None => self.record.capacity.push(row),
        }
        self.save()
    }

    /// Ends: works out the A/A floor, and compares the engines.
    pub fn finish(mut self) -> anyhow::Result<RunRecord> {
        self.record.noise_floor = NoiseFloor::measured(&self.record.measurements, self.record.seed);
        self.record.comparisons = record::comparisons(&self.record);
        self.record.minimal_effect.take_if(|_| self.record.comparisons.is_empty());
        self.save()?;
        Ok(self.record)
    }

    fn save(&self) -> anyhow::Result<()> {
        self.path.as_ref().map_or(Ok(()), |path| record::save(&self.record, path).map_err(Into::into))
    }
}

/// A command line for a record: of headers only their names.
fn without_secrets(arguments: impl Iterator<Item = String>) -> Vec<String> {
    const FLAG: &str = "--url-header";
    let name_only =
        |header: &str| header.split_once(':').map_or("…".to_owned(), |(name, _)| format!("{name}: …"));
    let mut is_header = false;
    let hide = |argument: String| {
        let was_header = std::mem::replace(&mut is_header, argument == FLAG);
        match argument.strip_prefix(FLAG).and_then(|rest| rest.strip_prefix('=')) {
            Some(header) => format!("{FLAG}={}", name_only(header)),
            None if was_header => name_only(&argument),
            None => argument,
        }
    };
    arguments.map(hide).collect()
}

/// Prints the record, and nothing else.
fn print_record(record: &RunRecord) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, record).context("standard output")?;
    writeln!(out).context("standard output")
}

/// Writes every page and file of a report, and gives their paths, the page for a browser last.
fn write_reports(record: &RunRecord, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let report = Report::new(record)?;
    let mut paths = Vec::new();
    for format in [Format::Markdown, Format::Csv, Format::Hlog, Format::Html] {
        paths.extend(write(&report, format, folder)?);
    }
    Ok(paths)
}

/// What a measuring command ends with: the reports in a folder, if there is one, and on standard output the record and
/// nothing else, or its digest and where the reports are.
pub fn hand_over(record: &RunRecord, folder: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let pages = folder.map_or(Ok(Vec::new()), |folder| write_reports(record, folder))?;
    if json {
        return print_record(record);
    }
    print(&Report::new(record)?, Format::Terminal)?;
    pages.iter().for_each(|page| println!("{}", page.display()));
    Ok(())
}

/// Writes one format into a folder.
pub fn write(report: &Report<'_>, format: Format, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut paths = Vec::new();
    for export in report.export(format)? {
        let path = folder.join(export.file_name);
        fs::write(&path, &export.bytes).with_context(|| path.display().to_string())?;
        paths.push(path);
    }
    Ok(paths)
}

/// Prints one format.
pub fn print(report: &Report<'_>, format: Format) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for export in report.export(format)? {
        out.write_all(&export.bytes).context("standard output")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_holds_no_value_of_a_header() {
        let line = "run --url http://h/ --url-header Cookie:secret --url-header=X-Key:secret --url-header secret --quick";
        let kept = without_secrets(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(
            kept,
            "run --url http://h/ --url-header Cookie: … --url-header=X-Key: … --url-header … --quick"
        );
    }
}

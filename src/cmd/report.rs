//! `jsarena report`: pages and files from records.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

use super::{Failure, Verdict, output};
use crate::cli::ReportArgs;
use crate::record::{self, RunRecord};
use crate::report::{BEGIN_MARKER, END_MARKER, Format, Report, merge, splice, summary_table};

/// Makes what is asked for from one or more records that belong together.
pub fn report(args: &ReportArgs) -> Result<Verdict, Failure> {
    if args.schema {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &record::json_schema()).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(Verdict::Well);
    }
    let formats = args.format.iter().map(|name| name.parse());
    let formats: Vec<Format> =
        formats.collect::<Result<_, _>>().map_err(|error| Failure::Usage(format!("{error}")))?;
    let records: Vec<RunRecord> = args
        .records
        .iter()
        .map(|path| record::load(path))
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::from)?;
    if args.validate {
        return validate(args, &records);
    }
    let record = merge(records).map_err(|error| Failure::Usage(error.to_string()))?;
    let report = Report::new(&record).map_err(anyhow::Error::from)?;
    if let Some(page) = &args.splice {
        splice_into(page, &report)?;
    }
    for format in formats {
        match &args.out {
            Some(folder) => {
                for path in output::write(&report, format, folder)? {
                    println!("{}", path.display());
                }
            }
            None if args.splice.is_some() && format == Format::Terminal => {}
            None => output::print(&report, format)?,
        }
    }
    Ok(Verdict::Well)
}

fn validate(args: &ReportArgs, records: &[RunRecord]) -> Result<Verdict, Failure> {
    let mut whole = true;
    for (path, record) in args.records.iter().zip(records) {
        let wrong = record::check(record);
        whole &= wrong.is_empty();
        wrong.iter().for_each(|line| println!("{}: {line}", path.display()));
        if wrong.is_empty() {
            let others = [
                (record.containment.len(), "containment"),
                (record.capacity.len(), "capacity"),
                (record.startup.len(), "startup"),
                (record.footprint.len(), "footprint"),
            ];
            let others = others.into_iter().filter(|(rows, _)| *rows > 0);
            let others: String = others.map(|(rows, kind)| format!(", {rows} {kind} rows")).collect();
            println!("{}: whole, {} measurements{others}", path.display(), record.measurements.len());
        }
    }
    Ok(Verdict::of(whole))
}

fn splice_into(page: &Path, report: &Report<'_>) -> Result<(), Failure> {
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let spliced = splice(&text, BEGIN_MARKER, END_MARKER, &summary_table(report))
        .map_err(|error| Failure::Usage(format!("{}: {error}", page.display())))?;
    fs::write(page, spliced).with_context(|| page.display().to_string())?;
    Ok(())
}

//! `jsarena report`: pages and files from records, and from what other load tools told.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

use super::{Failure, Verdict, output};
use crate::cli::ReportArgs;
use crate::record::{self, RunRecord};
use crate::report::{
    BEGIN_MARKER, END_MARKER, Format, Given, Report, ReportError, add_results, merge, splice, summary_table,
};

/// Makes what is asked for from one or more records that belong together, and results of other tools beside them.
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
    let given: Vec<Given> = args
        .files
        .iter()
        .map(|path| Given::read(path))
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::from)?;
    if args.validate {
        return validate(args, &given);
    }
    let record = together(given)?;
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

/// One record of all that was given.
fn together(given: Vec<Given>) -> Result<RunRecord, Failure> {
    let (mut records, mut results) = (Vec::new(), Vec::new());
    for file in given {
        match file {
            Given::Record(record) => records.push(*record),
            Given::Results(more) => results.extend(more),
        }
    }
    if records.is_empty() {
        return Err(Failure::Usage(
            "results of other tools alone make no report: they do not tell the machine and the server; give a record too, \
             as `jsarena run --url URL --out DIR` writes one (DIR/record.json)"
                .to_owned(),
        ));
    }
    let usage = |error: ReportError| Failure::Usage(error.to_string());
    let mut record = merge(records).map_err(usage)?;
    add_results(&mut record, results).map_err(usage)?;
    Ok(record)
}

fn validate(args: &ReportArgs, given: &[Given]) -> Result<Verdict, Failure> {
    let mut whole = true;
    for (path, file) in args.files.iter().zip(given) {
        let wrong = match file {
            Given::Record(record) => record::check(record),
            // What cannot be was refused when it was read.
            Given::Results(_) => Vec::new(),
        };
        whole &= wrong.is_empty();
        wrong.iter().for_each(|line| println!("{}: {line}", path.display()));
        if wrong.is_empty() {
            println!("{}: whole, {}", path.display(), contents(file));
        }
    }
    Ok(Verdict::of(whole))
}

fn contents(file: &Given) -> String {
    let record = match file {
        Given::Record(record) => record,
        Given::Results(results) => {
            let of: Vec<String> = results.iter().map(|row| row.tool.to_string()).collect();
            return format!("results of {}", of.join(", "));
        }
    };
    let others = [
        (record.containment.len(), "containment"),
        (record.capacity.len(), "capacity"),
        (record.startup.len(), "startup"),
        (record.footprint.len(), "footprint"),
        (record.other_tools.len(), "other tools'"),
    ];
    let others = others.into_iter().filter(|(rows, _)| *rows > 0);
    let others: String = others.map(|(rows, kind)| format!(", {rows} {kind} rows")).collect();
    format!("{} measurements{others}", record.measurements.len())
}

fn splice_into(page: &Path, report: &Report<'_>) -> Result<(), Failure> {
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let spliced = splice(&text, BEGIN_MARKER, END_MARKER, &summary_table(report))
        .map_err(|error| Failure::Usage(format!("{}: {error}", page.display())))?;
    fs::write(page, spliced).with_context(|| page.display().to_string())?;
    Ok(())
}

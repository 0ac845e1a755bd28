//! What other load tools told, beside our own figures of servers.

use crate::load::Arrivals;
use crate::record::{OtherTool, RunRecord};
use crate::report::Quantity;

use super::cell::Figures;
use super::text::clean;
use super::{Engine, Row, Setting, Workload};

/// What one tool saw of a server. What it does not tell is absent.
#[derive(Debug, PartialEq)]
pub(in crate::report) struct Told {
    pub tool: String,
    /// Where that is from: a file, or the server and workload of a cell.
    pub source: String,
    pub target: Option<String>,
    pub clients: Option<u64>,
    pub duration_s: Option<f64>,
    pub requests: Option<u64>,
    pub requests_per_s: Option<f64>,
    /// Microseconds: p50, p90, p95, p99, p99.9, longest and mean.
    pub latency: [Option<f64>; 7],
    pub errors: Option<u64>,
    /// Their kinds, of which there are some.
    pub kinds: String,
}

/// Our own cells first; nothing without results of other tools.
pub(super) fn told(
    record: &RunRecord,
    engines: &[Engine],
    workloads: &[Workload],
    settings: &[Setting],
) -> Vec<Told> {
    if record.other_tools.is_empty() {
        return Vec::new();
    }
    let mut told = Vec::new();
    for row in
        settings.iter().filter(|setting| !setting.isolation.is_here()).flat_map(|setting| &setting.rows)
    {
        for (engine, cell) in engines.iter().zip(&row.cells) {
            let workload = &workloads[row.workload].name;
            let source = match &engine.url {
                Some(url) if *url != engine.name => format!("{}: {workload}", engine.name),
                _ => workload.clone(),
            };
            told.extend(cell.figures().map(|figures| ours(row, engine, source, figures)));
        }
    }
    told.extend(record.other_tools.iter().map(theirs));
    told
}

fn ours(row: &Row, engine: &Engine, source: String, figures: &Figures) -> Told {
    let (load, clients) = match row.plan.arrivals {
        Arrivals::Closed { concurrency } => (format!("closed, {concurrency}"), Some(concurrency.into())),
        Arrivals::Open { rate_per_s, .. } => (format!("open, {}", Quantity::Rate(rate_per_s)), None),
    };
    let response = &figures.response;
    Told {
        tool: format!("jsarena ({load})"),
        source,
        target: Some(engine.url.clone().unwrap_or_else(|| engine.name.clone())),
        clients,
        duration_s: Some(figures.elapsed_s),
        requests: Some(figures.submitted),
        requests_per_s: Some(figures.throughput.value),
        latency: [
            response.p50(),
            response.p90(),
            response.p95(),
            response.p99(),
            response.p999(),
            response.max(),
            response.mean(),
        ],
        errors: Some(figures.errors()),
        kinds: String::new(),
    }
}

fn theirs(row: &OtherTool) -> Told {
    let some = row.errors.kinds().into_iter().filter_map(|(kind, count)| {
        let count = count.filter(|count| *count > 0)?;
        Some(format!("{kind} {}", Quantity::Count(count)))
    });
    Told {
        tool: row.tool.to_string(),
        source: clean(&row.file),
        target: row.target.as_deref().map(clean),
        clients: row.clients,
        duration_s: row.duration_s,
        requests: row.requests,
        requests_per_s: row.requests_per_s,
        latency: row.latency_us.named().map(|(_, time)| time),
        errors: row.errors.all(),
        kinds: some.collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{Report, fixture};

    #[test]
    fn our_own_cells_of_servers_stand_beside_other_tools_and_only_there() {
        let mut record = fixture::other_tools();
        let report = Report::new(&record).unwrap();
        let tools: Vec<&str> = report.other_tools.iter().map(|told| told.tool.as_str()).collect();
        assert_eq!(
            tools,
            ["jsarena (closed, 16)", "jsarena (open, 500/s)", "wrk", "oha", "locust", "hey", "wrk"]
        );
        assert_eq!(report.other_tools[6].kinds, "status 888");
        record.other_tools.clear();
        assert_eq!(Report::new(&record).unwrap().other_tools, []);
    }

    #[test]
    fn a_server_with_a_name_of_its_own_is_called_by_it() {
        let mut record = fixture::other_tools();
        assert_eq!(Report::new(&record).unwrap().other_tools[0].source, "demo/one");
        record.engines.iter_mut().for_each(|engine| "mine".clone_into(&mut engine.id));
        record.measurements.iter_mut().for_each(|cell| "mine".clone_into(&mut cell.engine));
        assert_eq!(Report::new(&record).unwrap().other_tools[0].source, "mine: demo/one");
    }

    #[test]
    fn cells_in_processes_of_ours_are_of_no_server() {
        let mut record = fixture::record();
        record.other_tools = fixture::other_tools().other_tools;
        let report = Report::new(&record).unwrap();
        assert_eq!(report.other_tools.len(), record.other_tools.len());
    }
}

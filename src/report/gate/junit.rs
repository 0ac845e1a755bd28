//! The gate as JUnit XML.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Gate, page};
use crate::stats::compare::ComparisonVerdict;

/// A suite an isolation and reuse, a case a cell and metric.
pub(super) fn write(gate: &Gate) -> String {
    let mut suites: BTreeMap<String, TestSuite> = BTreeMap::new();
    let mut add = |cell: &super::GateCell, metric: &str, status: TestCaseStatus| {
        let name = format!("{}/{}", cell.isolation, cell.reuse);
        let suite = suites.entry(name.clone()).or_insert_with(|| TestSuite::new(name));
        let mut case = TestCase::new(format!("{} {metric}", cell.workload), status);
        case.set_classname(cell.engine.clone());
        suite.add_test_case(case);
    };
    for broken in &gate.broken {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(broken.reason.clone()).set_type("broken");
        add(&broken.cell, "answers", status);
    }
    for row in &gate.rows {
        let status = match row.verdict {
            ComparisonVerdict::Slower => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(page::change(row)).set_type("regression");
                status
            }
            ComparisonVerdict::NotEnoughData => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(page::change(row));
                status
            }
            ComparisonVerdict::Faster | ComparisonVerdict::NoDifference => TestCaseStatus::success(),
        };
        add(&row.cell, row.metric.as_str(), status);
    }
    let mut report = Report::new("jsarena gate");
    report.add_test_suites(suites.into_values());
    report.to_string().expect("a report in memory is always written") + "\n"
}

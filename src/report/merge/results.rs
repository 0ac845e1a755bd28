//! Results of other load tools: those of one record follow those of the other, and those read beside it all.

use crate::record::{OtherTool, RunRecord};
use crate::report::ReportError;

/// Puts results of other load tools into a record.
///
/// # Errors
/// [`ReportError::Twice`] naming one that is there already.
pub fn add_results(record: &mut RunRecord, results: Vec<OtherTool>) -> Result<(), ReportError> {
    for result in results {
        if record.other_tools.contains(&result) {
            return Err(ReportError::Twice { tool: result.tool, file: result.file });
        }
        record.other_tools.push(result);
    }
    Ok(())
}

/// Whether no result is in both.
pub(super) fn apart(first: &RunRecord, other: &RunRecord) -> Result<(), String> {
    match other.other_tools.iter().find(|result| first.other_tools.contains(result)) {
        Some(OtherTool { tool, file, .. }) => Err(format!(
            "it has the result of {tool} in {file}, which is there already; name each record once"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fixture, merge};

    /// The fixed record in two parts, each with one half of the results.
    fn halves() -> (RunRecord, RunRecord) {
        let mut first = fixture::other_tools();
        let mut second = first.clone();
        second.measurements = first.measurements.split_off(1);
        second.other_tools = first.other_tools.split_off(2);
        (first, second)
    }

    #[test]
    fn results_follow_one_another() {
        let (first, second) = halves();
        let merged = merge(vec![first, second]).unwrap();
        assert_eq!(merged.other_tools, fixture::other_tools().other_tools);
        assert_eq!(crate::record::check(&merged), Vec::<String>::new());
    }

    #[test]
    fn a_result_that_is_there_already_is_refused() {
        let (first, mut second) = halves();
        second.other_tools.push(first.other_tools[0].clone());
        let error = merge(vec![first, second]).unwrap_err().to_string();
        assert!(error.contains("record 2") && error.contains("the result of wrk in wrk.json"), "{error}");
        let mut record = fixture::other_tools();
        let again = vec![record.other_tools[1].clone()];
        let error = add_results(&mut record, again).unwrap_err().to_string();
        assert!(error.starts_with("the result of ") && error.ends_with("name each file once"), "{error}");
    }
}

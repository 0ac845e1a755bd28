//! The record's JSON Schema, generated from the types.

use super::RunRecord;

/// The JSON Schema (draft 2020-12) of [`RunRecord`]. `reports/record.schema.json` is this, committed.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(RunRecord).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_types_own() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/record.schema.json");
        let committed: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("the schema is committed")).unwrap();
        assert_eq!(
            committed,
            json_schema(),
            "run `jsarena report --schema > reports/record.schema.json` and commit it"
        );
    }
}

//! Checks records against the committed JSON Schema: `validate_record record.json …`.

use std::error::Error;
use std::fs;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let schema = serde_json::from_str(include_str!("../reports/record.schema.json"))?;
    let validator = jsonschema::validator_for(&schema)?;
    let mut valid = true;
    for path in std::env::args().skip(1) {
        let record = serde_json::from_str(&fs::read_to_string(&path)?)?;
        for error in validator.iter_errors(&record) {
            println!("{path}: {}: {error}", error.instance_path);
            valid = false;
        }
    }
    println!("{}", if valid { "valid" } else { "not valid" });
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

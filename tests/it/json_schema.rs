//! Values in a validator of JSON Schema that others wrote.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::left_out;

/// Checks the schema against that of schemas (2020-12), and returns which of the values it allows; nothing, and says so, where Python has no
/// `jsonschema`.
pub fn allowed(story: &str, schema: &Value, values: &[&Value]) -> Option<Vec<bool>> {
    const VALIDATE: &str = "import json, sys\nfrom jsonschema import Draft202012Validator as V\ngiven = json.load(sys.stdin)\nV.check_schema(given['schema'])\nprint(json.dumps([V(given['schema']).is_valid(value) for value in given['values']]))";
    let has_validator = Command::new("python3").args(["-c", "import jsonschema"]).output().is_ok_and(|output| output.status.success());
    if !has_validator {
        left_out(story, "there is no jsonschema for Python here");
        return None;
    }
    let mut python = Command::new("python3")
        .args(["-W", "ignore", "-c", VALIDATE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let given = json!({"schema": schema, "values": values}).to_string();
    python.stdin.take().expect("its input").write_all(given.as_bytes()).expect("it reads");
    let output = python.wait_with_output().expect("it ends");
    let allowed: Vec<bool> = serde_json::from_slice(&output.stdout).expect("the schema is valid, and a list is printed");
    assert_eq!(allowed.len(), values.len());
    Some(allowed)
}

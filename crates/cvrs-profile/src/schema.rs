//! The JSON Schema of a profile, for editors that complete and check TOML.

use crate::KEYS;
use cvrs_rules::Profile;
use cvrs_spec::Field;
use std::fmt::Write as _;

/// The schema as JSON (draft 2020-12).
pub fn schema() -> String {
    let quoted = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let levels = quoted(&["error", "warn", "info", "off"]);
    let columns: Vec<&str> = Field::all().map(Field::name).collect();
    let columns = quoted(&columns);
    let mut out = String::from(
        "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"Profile of cvrs\",\n  \
         \"type\": \"object\",\n  \"additionalProperties\": false,\n  \"properties\": {\n",
    );
    for (number, (key, what)) in KEYS.iter().enumerate() {
        let shape = match *key {
            "extends" => format!("\"enum\": [{}]", quoted(&Profile::ALL.map(Profile::name))),
            "rule-book" | "file-name" => "\"type\": \"string\"".to_owned(),
            "off" => "\"type\": \"array\", \"items\": {\"type\": \"string\"}".to_owned(),
            "levels" => format!("\"type\": \"object\", \"additionalProperties\": {{\"enum\": [{levels}]}}"),
            "required" => format!(
                "\"type\": \"object\", \"additionalProperties\": false, \"properties\": {{\"columns\": {{\"type\": \"array\", \
                 \"items\": {{\"enum\": [{columns}]}}}}, \"level\": {{\"enum\": [{levels}]}}}}"
            ),
            _ => format!(
                "\"type\": \"object\", \"propertyNames\": {{\"enum\": [{columns}]}}, \"additionalProperties\": \
                 {{\"type\": \"array\", \"items\": {{\"type\": \"string\"}}}}"
            ),
        };
        let comma = if number + 1 == KEYS.len() { "" } else { "," };
        let _ = writeln!(out, "    \"{key}\": {{\"description\": \"{what}\", {shape}}}{comma}");
    }
    out.push_str("  }\n}\n");
    out
}

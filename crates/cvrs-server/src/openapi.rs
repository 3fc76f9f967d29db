//! The OpenAPI document: paths from a table, bodies from the types themselves.

use cvrs_api::{
    ErrorBody, ExportReply, ExportRequest, ExportedFile, HistoryRequest, JobStatus, TokenRequest, TokenResponse,
    UploadStatusResponse,
};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// One operation.
struct Operation {
    path: &'static str,
    method: &'static str,
    summary: &'static str,
    scopes: &'static str,
    takes: &'static [&'static str],
    status: u16,
    gives: Value,
}

/// The document as JSON (OpenAPI 3.1).
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut types = settings.into_generator();
    let error = types.subschema_for::<ErrorBody>().to_value();
    let mut paths = Map::new();
    for operation in operations(&mut types) {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = describe(&operation, &error, &mut types);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "COVID-19 Data Clearinghouse, local server",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The REST interface of the clearinghouse as this server answers it. \
                The spelling crvs is taken for cvrs in every path.",
        },
        "paths": paths,
        "components": {
            "schemas": types.take_definitions(true),
            "securitySchemes": { "token": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": "The token, bare; `Bearer` before it is taken too.",
            } },
        },
    })
}

fn operations(types: &mut SchemaGenerator) -> Vec<Operation> {
    let token = types.subschema_for::<TokenResponse>().to_value();
    let upload = types.subschema_for::<UploadStatusResponse>().to_value();
    let job = types.subschema_for::<JobStatus>().to_value();
    let export = types.subschema_for::<ExportReply>().to_value();
    let history = types.subschema_for::<Vec<ExportedFile>>().to_value();
    const BODY: &[&str] = &["text/plain", "application/zip"];
    const JSON_BODY: &[&str] = &["text/plain", "application/json", "application/zip"];
    const VERBS: [(&str, &str, &str); 3] =
        [("post", "Create", "UPLOAD"), ("put", "Update", "UPDATE"), ("delete", "Delete", "DELETE")];
    let json_body: &[&str] = &["application/json"];
    let of = |path, method, summary, scopes, takes, gives: &Value| Operation {
        path,
        method,
        summary,
        scopes,
        takes,
        status: 200,
        gives: gives.clone(),
    };
    let mut all = vec![
        of("/v0/token/gen", "post", "Generate a token", "", json_body, &token),
        of("/v0/token/refresh", "post", "Refresh a token", "any", &[], &token),
        of(
            "/v0/upload/file/{id}",
            "get",
            "Get an upload as it was received",
            "EXPORT_NON_REDACTED",
            &[],
            &json!({"type": "string"}),
        ),
        of("/v0/async/cvrs/jobs/{id}", "get", "Tell where a job stands", "UPLOAD, UPDATE or DELETE", &[], &job),
        of("/v0/export", "post", "Export records", "EXPORT_NON_REDACTED or EXPORT_REDACTED", json_body, &export),
        of("/v0/izdlexport/history", "post", "List exports to the data lake", "any EXPORT scope", json_body, &history),
    ];
    for (method, verb, scopes) in VERBS {
        let summary = match verb {
            "Create" => "Create records",
            "Update" => "Replace records",
            _ => "Delete records",
        };
        all.push(of("/v0/upload/cvrs/batch", method, summary, scopes, BODY, &upload));
        all.push(of("/v0/upload/hl7/batch", method, summary, scopes, BODY, &upload));
        all.push(of("/v0/upload/hl7/json", method, summary, scopes, JSON_BODY, &upload));
        all.push(Operation { status: 202, ..of("/v0/async/cvrs/jobs", method, summary, scopes, BODY, &job) });
    }
    all
}

fn describe(operation: &Operation, error: &Value, types: &mut SchemaGenerator) -> Value {
    let error = json!({"description": "Refused", "content": {"application/json": {"schema": error}}});
    let mut responses = json!({ operation.status.to_string(): {
        "description": "Done",
        "content": {"application/json": {"schema": operation.gives}},
    } });
    let mut codes = vec![400, 406];
    if !operation.scopes.is_empty() {
        codes.extend([401, 403]);
    }
    if !operation.takes.is_empty() {
        codes.extend([413, 415]);
    }
    match operation.path {
        "/v0/token/gen" => codes.extend([401, 403, 429]),
        "/v0/token/refresh" => codes.push(429),
        path if path.ends_with("{id}") => codes.push(404),
        _ => {}
    }
    for code in codes {
        responses[code.to_string()] = error.clone();
    }
    let mut described = json!({
        "summary": operation.summary,
        "operationId": format!("{}{}", operation.method, operation.path.replace(['/', '{', '}'], "-").trim_end_matches('-')),
        "responses": responses,
    });
    if !operation.scopes.is_empty() {
        described["security"] = json!([{"token": []}]);
        described["description"] = json!(format!("Needs a token with the scope: {}.", operation.scopes));
    }
    if operation.path.ends_with("{id}") {
        described["parameters"] =
            json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}]);
    }
    if !operation.takes.is_empty() {
        let body = match operation.path {
            "/v0/token/gen" => types.subschema_for::<TokenRequest>().to_value(),
            "/v0/export" => types.subschema_for::<ExportRequest>().to_value(),
            "/v0/izdlexport/history" => types.subschema_for::<HistoryRequest>().to_value(),
            _ => json!({}),
        };
        let content: Map<String, Value> =
            operation.takes.iter().map(|media| ((*media).to_owned(), json!({"schema": body}))).collect();
        described["requestBody"] = json!({"required": true, "content": content});
    }
    described
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Every `$ref` below a value.
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let document = super::openapi();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}

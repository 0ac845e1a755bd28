//! The description of the public routes in the form of OpenAPI 3.1, whose schemas are JSON Schema, generated from the
//! types.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::api::{self, Answer, Execute, Refusal};
use super::health::{Health, Readiness};
use super::status::ErrorKind;

/// The description as a response.
pub(super) async fn describe() -> Response<Body> {
    api::json(StatusCode::OK, &description())
}

fn description() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let input =
        json!({ "description": "Any JSON; nothing for the workload's own", "content": content(json!({})) });
    let name = json!({ "name": "name", "in": "path", "required": true, "schema": { "type": "string" },
        "description": "suite/name, as `jsarena workloads` lists them; the slash stands as it is" });
    let execute = json!({ "required": true, "content": content(schema::<Execute<'_>>(&mut generator)) });
    let jobs = job_responses(&mut generator);
    let get =
        |summary: &str, responses: Value| json!({ "get": { "summary": summary, "responses": responses } });
    let health = content(schema::<Health>(&mut generator));
    let readiness = content(schema::<Readiness>(&mut generator));
    let text = json!({ "text/plain": { "schema": { "type": "string" } } });
    let paths = json!({
        "/execute": { "post": { "summary": "Run a script", "requestBody": execute, "responses": jobs } },
        "/workloads/{name}": {
            "post": { "summary": "Run a workload", "parameters": [name], "requestBody": input, "responses": jobs }
        },
        "/healthz": get("Whether the server lives", json!({ "200": response("It does", &health) })),
        "/readyz": get("Whether traffic should come here", json!({
            "200": response("It should", &readiness),
            "503": response("It should not: a pool misses workers, or the server drains or is switched off", &readiness),
        })),
        "/metrics": get("Metrics for Prometheus", json!({ "200": response("In the OpenMetrics format", &text) })),
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "jsarena serve",
            "version": env!("CARGO_PKG_VERSION"),
            "description": env!("CARGO_PKG_DESCRIPTION"),
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "paths": paths,
        "components": { "schemas": generator.take_definitions(true) },
    })
}

/// What comes of a job: its answer, or a line of the table of errors for each status.
fn job_responses(generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    let answer = content(schema::<Answer<'_>>(generator));
    responses.insert("200".to_owned(), response("The script's answer", &answer));
    let refusal = content(schema::<Refusal<'_>>(generator));
    let mut kinds: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for kind in ErrorKind::ALL {
        let name = json!(kind).as_str().map(|name| format!("`{name}`")).unwrap_or_default();
        kinds.entry(kind.status().as_u16()).or_default().push(name);
    }
    for (status, kinds) in kinds {
        responses.insert(status.to_string(), response(&kinds.join(", "), &refusal));
    }
    Value::Object(responses)
}

fn response(description: &str, content: &Value) -> Value {
    json!({ "description": description, "content": content })
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference in `value`.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
                Value::String(to) if name == "$ref" => found.push(to.clone()),
                value => references(value, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn what_it_refers_to_is_there_and_the_table_is_in_it() {
        let description = description();
        let mut found = Vec::new();
        references(&description, &mut found);
        assert!(found.len() >= 4, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(description.pointer(pointer).is_some(), "{reference}");
        }
        let responses = &description["paths"]["/execute"]["post"]["responses"];
        assert!(responses["429"]["description"].as_str().unwrap().contains("`queue_full`"), "{responses}");
        let execute = &description["components"]["schemas"]["Execute"];
        assert_eq!(execute["required"], json!(["type", "code"]), "{execute}");
        assert_eq!(execute["additionalProperties"], false);
    }
}

//! The table in OpenAPI's form, for clients that are made of it.

use super::fault::Fault;
use super::limits::{PAGE_ROWS, PAGE_ROWS_MAX};
use super::role::Role;
use super::routes::{Access, Action, Form, Method, Parameter, Place, Route};
use super::table::ROUTES;
use serde_json::{Map, Value, json};

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "daybook", "version": env!("CARGO_PKG_VERSION"),
                 "description": "A ledger for Microsoft CSP partner incentives. Amounts are decimal text."},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Fault": {"type": "object", "required": ["error", "what", "where", "what_to_do"], "properties": {
                "error": {"enum": Fault::ALL.iter().map(|(_, code, _)| *code).collect::<Vec<_>>()},
                "what": {"type": "string"}, "where": {"type": "string"}, "what_to_do": {"type": "string"}}}}
        }
    })
}

fn operation(route: &Route) -> Value {
    let is_act = matches!(route.action, Action::Act(_) | Action::Make(_));
    let in_url = route.parameters.iter().filter(|parameter| !is_act || parameter.place == Place::Path);
    let mut parameters: Vec<Value> = in_url.map(in_url_form).collect();
    if route.is_paged {
        let schema = json!({"type": "integer", "minimum": 0, "default": 0});
        parameters.push(json!({"name": "offset", "in": "query", "schema": schema}));
        let schema = json!({"type": "integer", "minimum": 1, "maximum": PAGE_ROWS_MAX, "default": PAGE_ROWS});
        parameters.push(json!({"name": "limit", "in": "query", "schema": schema}));
    }
    let roles: Vec<&str> = Role::ALL.iter().filter(|role| route.lets_in(**role)).map(|role| role.as_str()).collect();
    let mut operation = json!({"summary": route.summary, "parameters": parameters, "responses": responses(route)});
    if route.access != Access::Anybody {
        operation["security"] = json!([{"token": []}]);
        operation["x-roles"] = json!(roles);
    }
    match (route.method, route.action) {
        (Method::Post, Action::Events) => {
            operation["requestBody"] = json!({"required": true, "content": {"application/x-ndjson": {}}});
        }
        (Method::Post, _) => {
            operation["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": body(route)}}});
        }
        (Method::Get, _) => {}
    }
    operation
}

fn schema(form: Form) -> Value {
    match form {
        Form::Number => json!({"type": "integer", "minimum": 0}),
        Form::Switch => json!({"type": "boolean"}),
        Form::Id => json!({"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}),
        Form::Text | Form::Book => json!({"type": "string"}),
    }
}

fn in_url_form(of: &Parameter) -> Value {
    let place = if of.place == Place::Path { "path" } else { "query" };
    json!({"name": of.name, "in": place, "required": of.is_required, "description": of.help, "schema": schema(of.form)})
}

fn body(route: &Route) -> Value {
    let named = || route.parameters.iter().filter(|of| of.place == Place::Named);
    let property = |of: &Parameter| {
        let mut schema = schema(of.form);
        schema["description"] = of.help.into();
        (of.name.to_owned(), schema)
    };
    let required: Vec<&str> = named().filter(|of| of.is_required).map(|of| of.name).collect();
    json!({"type": "object", "additionalProperties": false, "required": required,
           "properties": named().map(property).collect::<Map<String, Value>>()})
}

fn responses(route: &Route) -> Value {
    let kind = match route.action {
        Action::Live | Action::Text(_) => "text/plain",
        Action::Metrics => "application/openmetrics-text",
        _ => "application/json",
    };
    let mut responses = json!({"200": {"description": "As asked", "content": {kind: {}}}});
    if route.is_paged {
        let header =
            json!({"description": "The offset of the next page, while there is one", "schema": {"type": "integer"}});
        responses["200"]["headers"] = json!({"daybook-next-offset": header});
    }
    if route.access != Access::Anybody {
        let fault = json!({"description": "A fault", "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}});
        responses["default"] = fault;
    }
    responses
}

//! The answer to a request that may be asked.

use super::ask::Asked;
use super::desk::{Ran, Running};
use super::door::{Api, Door, Room};
use super::fault::Fault;
use super::limits::{ANSWER_BYTES_MAX, VALUE_BYTES_MAX};
use super::role::{Caller, Role};
use super::rooms::{OnePlace, Rooms};
use super::routes::{Action, Method, Place, Route};
use super::{openapi, own_lines, page};
use crate::metrics;
use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daybook_event::{Month, SourceId};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::timeout;

/// A request that came through.
pub(super) struct Request {
    pub(super) route: &'static Route,
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) caller: Option<Caller>,
}

/// The offset of the next page.
const NEXT_OFFSET: HeaderName = HeaderName::from_static("daybook-next-offset");

/// Answers. What the request holds is let go of when the work is done, even if nobody waits for it any more.
pub(super) async fn answer(door: &Door, request: Request, room: Room) -> Result<Response, Fault> {
    let route = request.route;
    match route.action {
        Action::Live => return Ok("alive\n".into_response()),
        Action::Ready => return Ok(ready(door)),
        Action::Metrics => return figures(door, route).await,
        Action::OpenApi => return Ok(Json(openapi::document()).into_response()),
        _ => {}
    }
    let (Some(api), Some(caller)) = (door.sources.api.clone(), request.caller.clone()) else {
        return Err(Fault::unauthorized(route.path, "no token was sent"));
    };
    let asked = asked(&request)?;
    match route.action {
        Action::Head => blocking(door, route, move || api.desk.head()).await.map(|head| Json(head).into_response()),
        Action::Record => record(door, route, &api, &asked).await,
        Action::Events => events(door, &api, &request, &caller, room).await,
        Action::OwnLines => lines(door, route, &api, &asked, &caller).await,
        Action::Verb(verb) => {
            own_source(route, &asked, &caller)?;
            let ran = query(door, route, &api, &caller, asked.words(route, verb, None)).await?;
            told(route, ran, &asked)
        }
        Action::Text(verb) => {
            let ran = query(door, route, &api, &caller, asked.words_with(route, verb, None, &[])).await?;
            text(route, ran)
        }
        Action::Make(verb) => {
            tracing::info!(caller = caller.name, role = %caller.role, route = route.path, "an act was asked for");
            let running = api.desk.ask(asked.words(route, verb, None));
            told(route, act(door, route, &caller, running, room).await?, &asked)
        }
        Action::Act(verb) => {
            let words = asked.words(route, verb, Some(&caller));
            tracing::info!(caller = caller.name, role = %caller.role, route = route.path, "an act was asked for");
            let running = api.desk.act(words, None);
            told(route, act(door, route, &caller, running, room).await?, &asked)
        }
        Action::Live | Action::Ready | Action::Metrics | Action::OpenApi => {
            Err(internal(route, "a route answered twice"))
        }
    }
}

fn ready(door: &Door) -> Response {
    let health = *door.sources.health.borrow();
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

async fn figures(door: &Door, route: &Route) -> Result<Response, Fault> {
    let (measure, tally) = (Arc::clone(&door.sources.measure), door.tally.clone());
    let text = blocking(door, route, move || {
        let mut figures = measure.figures();
        tally.tell(&mut figures);
        figures.text().map_err(|error| error.to_string())
    });
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text.await?).into_response())
}

/// The parameters, from path, query and, of a request that does something, body.
fn asked(request: &Request) -> Result<Asked, Fault> {
    let route = request.route;
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let has_object = route.method == Method::Post && route.action != Action::Events;
    let body: Option<Value> = if has_object && !request.body.is_empty() {
        let body = serde_json::from_slice(&request.body);
        Some(body.map_err(|error| Fault::bad_request(route.path, format!("the body is no JSON: {error}")))?)
    } else {
        None
    };
    if has_object && !request.query.is_empty() {
        let names: Vec<&str> =
            route.parameters.iter().filter(|of| of.place == Place::Named).map(|of| of.name).collect();
        let what = format!("write parameters into a JSON object in the body: {}", names.join(", "));
        return Err(Fault::bad_request(route.path, what));
    }
    if body.as_ref().is_some_and(|body| !body.is_object()) {
        return Err(Fault::bad_request(route.path, "the body is no JSON object"));
    }
    Asked::of(route, &path, &request.query, body.as_ref())
}

/// A distributor asks for its own sources only.
fn own_source(route: &Route, asked: &Asked, caller: &Caller) -> Result<(), Fault> {
    let named = asked.get("source").and_then(|text| SourceId::parse(text).ok());
    match named {
        Some(source) if caller.role == Role::Distributor && !caller.sources.contains(&source) => {
            Err(Fault::forbidden(route.path, format!("the source {source} is not one of this token's")))
        }
        None if caller.role == Role::Distributor => Err(Fault::forbidden(route.path, "name a source of this token's")),
        _ => Ok(()),
    }
}

async fn record(door: &Door, route: &Route, api: &Api, asked: &Asked) -> Result<Response, Fault> {
    let position: u64 = asked.get("position").and_then(|text| text.parse().ok()).unwrap_or(0);
    let desk = Arc::clone(&api.desk);
    match blocking(door, route, move || desk.record(position)).await? {
        Some(record) => Ok(Json(record).into_response()),
        None => Err(Fault::not_found(route.path, format!("there is no record {position}"))),
    }
}

/// Takes events in, all or none: a line that is no event has no source that it could be held to.
async fn events(door: &Door, api: &Api, request: &Request, caller: &Caller, room: Room) -> Result<Response, Fault> {
    let route = request.route;
    let (desk, text) = (Arc::clone(&api.desk), request.body.clone());
    let sources = tokio::task::spawn_blocking(move || desk.sources(&text)).await;
    let sources = sources.map_err(|_| internal(route, "the events were not looked at"))?;
    let sources = sources.map_err(|why| Fault::bad_request(route.path, format!("{why}; nothing was taken in")))?;
    if sources.is_empty() {
        return Err(Fault::bad_request(route.path, "there is no event in the body"));
    }
    if let Some(other) = sources.iter().find(|source| !caller.sources.contains(*source)) {
        tracing::warn!(caller = caller.name, source = %other, "refused: events of another source");
        let what = format!("the source {other} is not one of this token's; nothing was taken in");
        return Err(Fault::forbidden(route.path, what));
    }
    let words = ["import", "--from=ndjson", "--format=json", "-"].map(str::to_owned).to_vec();
    let running = api.desk.act(words, Some(request.body.to_vec()));
    told(route, act(door, route, caller, running, room).await?, &Asked::default())
}

async fn lines(door: &Door, route: &Route, api: &Api, asked: &Asked, caller: &Caller) -> Result<Response, Fault> {
    let month = asked.get("month").unwrap_or_default();
    if Month::parse(month).is_none() {
        return Err(Fault::bad_request(route.path, "month: a month is written YYYY-MM"));
    }
    if asked.get("through").is_some_and(|text| daybook_event::date_parse(text).is_none()) {
        return Err(Fault::bad_request(route.path, "through: a date is written YYYY-MM-DD"));
    }
    let ran = query(door, route, api, caller, asked.words(route, &["explain"], None)).await?;
    // One answer for whatever there is not: another would tell what others have published.
    let none = || Fault::not_found(route.path, "no line of this token's sources counts for this partner in this month");
    if ran.status != Some(0) {
        return Err(none());
    }
    let whole: Value =
        serde_json::from_slice(&ran.output).map_err(|_| internal(route, "the explanation is no JSON"))?;
    own_lines::of(&whole, caller).map(|own| Json(own).into_response()).ok_or_else(none)
}

/// Runs what blocks on a thread for that.
async fn blocking<T: Send + 'static>(
    door: &Door,
    route: &Route,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Fault> {
    match timeout(door.sources.limits.request_time_max, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(Ok(done))) => Ok(done),
        Ok(Ok(Err(why))) => Err(internal(route, &why)),
        Ok(Err(_)) => Err(internal(route, "the work ended before it was done")),
        Err(_) => Err(too_long(door, route)),
    }
}

/// Room to compute in, as soon as there is.
async fn room_to_compute(
    door: &Door,
    route: &Route,
    rooms: &Rooms,
    caller: &Caller,
    what: &str,
) -> Result<OnePlace, Fault> {
    match timeout(door.sources.limits.request_time_max, rooms.place(&caller.name)).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => {
            let places = rooms.places();
            Err(Fault::unavailable(route.path, format!("{places} {what}, or all that this token may have at once")))
        }
    }
}

/// A verb that reads: ended when it takes too long, or when nobody waits for it any more.
async fn query(door: &Door, route: &Route, api: &Api, caller: &Caller, words: Vec<String>) -> Result<Ran, Fault> {
    let _place = room_to_compute(door, route, &door.queries, caller, "queries are being computed").await?;
    match timeout(door.sources.limits.request_time_max, api.desk.ask(words)).await {
        Ok(ran) => ran.map_err(|why| internal(route, &why)),
        Err(_) => Err(too_long(door, route)),
    }
}

/// A verb that does something: once begun it goes on to its end, whoever waits.
async fn act(door: &Door, route: &'static Route, caller: &Caller, running: Running, room: Room) -> Result<Ran, Fault> {
    let place = room_to_compute(door, route, &door.acts, caller, "acts are being done").await?;
    let task = tokio::spawn(async move {
        let ran = running.await;
        drop((place, room));
        ran
    });
    match timeout(door.sources.limits.request_time_max, task).await {
        Ok(Ok(ran)) => ran.map_err(|why| internal(route, &why)),
        Ok(Err(_)) => Err(internal(route, "the work ended before it was done")),
        Err(_) => {
            let what =
                "it is not done yet and goes on; the same again later adds nothing twice, and says what became of it";
            Err(Fault::unavailable(route.path, what))
        }
    }
}

/// What a verb said, as an answer.
fn told(route: &Route, ran: Ran, asked: &Asked) -> Result<Response, Fault> {
    let said = said(&ran.said);
    match ran.status {
        Some(0) if ran.output.len() > ANSWER_BYTES_MAX => Err(Fault::unavailable(
            route.path,
            format!(
                "the answer has more than {ANSWER_BYTES_MAX} bytes before it is cut into pages; ask for one partner"
            ),
        )),
        Some(0) => {
            let document: Result<Value, _> = serde_json::from_slice(&ran.output);
            let mut document = document.map_err(|_| internal(route, "the answer is no JSON"))?;
            let next = if route.is_paged { page::cut(&mut document, asked.page) } else { None };
            let mut response = Json(document).into_response();
            if let Some(offset) = next {
                response.headers_mut().insert(NEXT_OFFSET, HeaderValue::from(offset));
            }
            Ok(response)
        }
        // A check failed: what stands against it is what it printed.
        Some(1) => match serde_json::from_slice::<Value>(&ran.output) {
            Ok(document) => Ok((StatusCode::CONFLICT, Json(document)).into_response()),
            Err(_) => Err(Fault::conflict(route.path, said)),
        },
        Some(2) => Err(Fault::bad_request(route.path, said)),
        _ => Err(internal(route, &said)),
    }
}

/// What a verb printed, where that is a text of its own form.
fn text(route: &Route, ran: Ran) -> Result<Response, Fault> {
    match (ran.status, String::from_utf8(ran.output)) {
        (Some(0), Ok(text)) => Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()),
        (Some(0), Err(_)) => Err(internal(route, "the answer is no text")),
        (Some(1), _) => Err(Fault::conflict(route.path, said(&ran.said))),
        (Some(2), _) => Err(Fault::bad_request(route.path, said(&ran.said))),
        _ => Err(internal(route, &said(&ran.said))),
    }
}

/// What a verb said in its own words: the first paragraph, without its name.
fn said(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or_default().trim();
    let first = first.strip_prefix("daybook: ").or_else(|| first.strip_prefix("error: ")).unwrap_or(first);
    first.chars().take(VALUE_BYTES_MAX).collect()
}

fn internal(route: &Route, why: &str) -> Fault {
    tracing::error!(route = route.path, why, "a request could not be answered");
    Fault::internal(route.path, "it could not be computed")
}

fn too_long(door: &Door, route: &Route) -> Fault {
    let seconds = door.sources.limits.request_time_max.as_secs();
    Fault::unavailable(route.path, format!("it takes longer than the {seconds} seconds that a request may take"))
}

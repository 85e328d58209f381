//! The way through for every request: is there such a route, is the request small enough, who asks, may they, is there room;
//! then the answer, its headers, its count and its line in the log.

use super::answer::{Request as Checked, answer};
use super::desk::Desk;
use super::fault::Fault;
use super::guard::Guarded;
use super::limits::{ACTS_MAX, CALLER_REQUESTS_MAX, HEADER_BYTES_MAX, Limits, URI_BYTES_MAX};
use super::role::{Caller, Tokens};
use super::rooms::Rooms;
use super::routes::{Access, Action, Method, Route};
use super::table::ROUTES;
use super::tally::{OneUnderWay, Tally, UnderWay};
use crate::{Health, Measure};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// What the door answers from.
#[derive(Clone)]
pub struct Sources {
    /// How the service is.
    pub health: watch::Receiver<Health>,
    /// Its figures.
    pub measure: Arc<dyn Measure>,
    /// Everything behind a token; none where there are no tokens: then only how the service is, and its figures.
    pub api: Option<Api>,
    /// What a request may take.
    pub limits: Limits,
}

/// What is behind a token.
#[derive(Clone)]
pub struct Api {
    /// The tokens as they are now: a file of them may change.
    pub tokens: watch::Receiver<Arc<Tokens>>,
    /// Who computes.
    pub desk: Arc<dyn Desk>,
}

/// The door at work.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) sources: Sources,
    pub(super) tally: Tally,
    /// Room for queries that compute.
    pub(super) queries: Rooms,
    /// Room for acts: no query stands in their way.
    pub(super) acts: Rooms,
    requests: Arc<Semaphore>,
    under_way: UnderWay,
}

/// Answers until the future ends.
///
/// # Errors
/// What keeps the listener from being served.
pub async fn serve(
    listener: TcpListener,
    sources: Sources,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (requests, queries) = (sources.limits.requests_max, sources.limits.queries_max);
    let door = Door {
        sources,
        tally: Tally::default(),
        queries: Rooms::new(queries),
        acts: Rooms::new(ACTS_MAX),
        requests: Arc::new(Semaphore::new(requests)),
        under_way: UnderWay::default(),
    };
    let router = Router::new().fallback(through).with_state(door);
    axum::serve(Guarded::new(listener), router).with_graceful_shutdown(stop).await
}

async fn through(State(door): State<Door>, request: Request) -> Response {
    let since = Instant::now();
    let (route, mut response, caller) = match found(&request) {
        Err(fault) => ("other", fault, None),
        Ok((route, path)) => {
            let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
            let mut caller = None;
            let answered = door.answered(route, &path, request, &mut caller).await;
            (route.path, answered.unwrap_or_else(IntoResponse::into_response), caller)
        }
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    door.tally.add(route, status);
    // Who and which route; never what was asked for: a query may name customers, a header a token.
    let (caller, took_ms) =
        (caller.map_or_else(String::new, |caller: Caller| caller.name), since.elapsed().as_millis());
    tracing::debug!(route, status, caller, took_ms, "answered a request");
    response
}

/// On every answer: nothing is to be guessed, kept, framed or run.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
];

/// The route that is asked for, and the parameters in its path.
#[allow(clippy::result_large_err)]
fn found(request: &Request) -> Result<(&'static Route, Vec<&str>), Response> {
    let path = request.uri().path();
    let known: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, route.matched(path)?))).collect();
    if known.is_empty() {
        return Err(Fault::not_found("the path", "there is no such path").into_response());
    }
    // HEAD is a GET whose body is not sent.
    let method = match request.method().as_str() {
        "HEAD" => "GET",
        other => other,
    };
    let methods: Vec<&str> = known.iter().map(|(route, _)| route.method.as_str()).collect();
    if let Some(at) = methods.iter().position(|known| *known == method) {
        return known
            .into_iter()
            .nth(at)
            .ok_or_else(|| Fault::not_found("the path", "there is no such path").into_response());
    }
    let what = format!("this path has {}", methods.join(" and "));
    let mut response = Fault::method_not_allowed("the method", what).into_response();
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    Err(response)
}

/// What a request holds while it is under way.
pub(super) struct Room {
    _request: Option<OwnedSemaphorePermit>,
    _of_caller: Option<OneUnderWay>,
}

impl Door {
    async fn answered(
        &self,
        route: &'static Route,
        path: &[String],
        request: Request,
        caller: &mut Option<Caller>,
    ) -> Result<Response, Fault> {
        small_enough(route, &request)?;
        let is_probe = matches!(route.action, Action::Live | Action::Ready);
        let place = if is_probe { None } else { Some(self.place(route)?) };
        *caller = self.caller(route, request.headers())?;
        let of_caller = match caller.as_ref() {
            None => None,
            Some(caller) => Some(self.under_way.begin(&caller.name, CALLER_REQUESTS_MAX).ok_or_else(|| {
                let what = format!("{CALLER_REQUESTS_MAX} requests of this token are under way");
                Fault::too_many_requests(route.path, what)
            })?),
        };
        let room = Room { _request: place, _of_caller: of_caller };
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
            .map_err(|_| Fault::bad_request(route.path, "the query cannot be read"))?;
        let body = match route.method {
            Method::Get => Bytes::new(),
            Method::Post => self.body(route, request).await?,
        };
        let checked = Checked { route, path: path.to_vec(), query: query.0, body, caller: caller.clone() };
        answer(self, checked, room).await
    }

    fn place(&self, route: &Route) -> Result<OwnedSemaphorePermit, Fault> {
        let what = || format!("{} requests are under way", self.sources.limits.requests_max);
        Arc::clone(&self.requests).try_acquire_owned().map_err(|_| Fault::unavailable(route.path, what()))
    }

    /// Who asks, where that matters; or why they may not.
    fn caller(&self, route: &Route, headers: &HeaderMap) -> Result<Option<Caller>, Fault> {
        let api = match (route.access, &self.sources.api) {
            (Access::Anybody, _) | (Access::LoopbackOr(_), None) => return Ok(None),
            (Access::Roles(_), None) => {
                let what = "this door has no tokens, so it tells how the service is and no more; name a file of tokens in the \
                            configuration, http.tokens";
                return Err(Fault::unauthorized(route.path, what));
            }
            (_, Some(api)) => api,
        };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| Fault::unauthorized(route.path, "no token was sent"))?;
        let tokens = api.tokens.borrow().clone();
        let caller = tokens.caller(token).ok_or_else(|| Fault::unauthorized(route.path, "nobody has this token"))?;
        if route.lets_in(caller.role) {
            return Ok(Some(caller.clone()));
        }
        tracing::warn!(caller = caller.name, role = %caller.role, route = route.path, "refused: not for this role");
        Err(Fault::forbidden(route.path, format!("the role {} may not {} this", caller.role, route.method.as_str())))
    }

    async fn body(&self, route: &Route, request: Request) -> Result<Bytes, Fault> {
        let max = self.sources.limits.body_bytes_max;
        let too_large = || Fault::too_large(route.path, format!("a body has at most {max} bytes"));
        let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if announced.and_then(|text| text.parse::<usize>().ok()).is_some_and(|bytes| bytes > max) {
            return Err(too_large());
        }
        let body: Body = request.into_body();
        match timeout(self.sources.limits.request_time_max, to_bytes(body, max)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            // The body's own error has no type that could be asked for.
            Ok(Err(error)) if error.to_string().contains("length limit") => Err(too_large()),
            Ok(Err(_)) => Err(Fault::bad_request(route.path, "the body broke off")),
            Err(_) => Err(Fault::request_timeout(route.path, "the body did not arrive in time")),
        }
    }
}

fn small_enough(route: &Route, request: &Request) -> Result<(), Fault> {
    let uri_bytes = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    if uri_bytes > URI_BYTES_MAX {
        return Err(Fault::uri_too_long(route.path, format!("path and query have at most {URI_BYTES_MAX} bytes")));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADER_BYTES_MAX {
        return Err(Fault::headers_too_large(route.path, format!("headers have at most {HEADER_BYTES_MAX} bytes")));
    }
    Ok(())
}

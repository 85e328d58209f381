//! What the door answers when it does not answer what was asked.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refusal, or a fault: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    #[serde(skip)]
    status: u16,
    error: &'static str,
    what: String,
    #[serde(rename = "where")]
    place: String,
    what_to_do: String,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident => $status:literal, $code:literal, $to_do:expr;)+) => {
        impl Fault {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(place: &str, what: impl Into<String>) -> Self {
                    Self { status: $status, error: $code, what: what.into(), place: place.to_owned(), what_to_do: $to_do.to_owned() }
                }
            )+

            /// Status and code of every fault: the page about the door and the description of its routes list them.
            pub const ALL: &'static [(u16, &'static str, &'static str)] = &[$(($status, $code, $to_do)),+];
        }
    };
}

faults! {
    /// The request says something that cannot be meant.
    bad_request => 400, "bad_request", "correct the request: parameters have the names and forms of the command line's flags";
    /// Nobody is known by this token, or there is none.
    unauthorized => 401, "unauthorized", "send the header Authorization: Bearer TOKEN, with a token that daybook token new made";
    /// The token is known, and not for this.
    forbidden => 403, "forbidden", "ask whoever runs this ledger for a token of a role that may";
    /// There is nothing here.
    not_found => 404, "not_found", "GET /v1/openapi.json lists what there is";
    /// There is something, and not for this method.
    method_not_allowed => 405, "method_not_allowed", "use the method of the header Allow";
    /// The request did not arrive whole in time.
    request_timeout => 408, "request_timeout", "send the request without pauses, or less at once";
    /// Something stands against it; the ledger is as it was.
    conflict => 409, "conflict", "read what stands against it and settle that first";
    /// More than may be sent at once.
    too_large => 413, "too_large", "send less at once";
    /// More in the address than may be.
    uri_too_long => 414, "uri_too_long", "shorten the query";
    /// This caller has too much under way.
    too_many_requests => 429, "too_many_requests", "wait for an answer before asking again";
    /// More in the headers than may be.
    headers_too_large => 431, "headers_too_large", "send fewer or shorter headers";
    /// It could not be computed.
    internal => 500, "internal", "look into the log of serve; run daybook verify if it names the ledger";
    /// Everything is busy, or it takes longer than may be.
    unavailable => 503, "unavailable", "ask again later, for less at once, or on the command line, which has no time limit";
}

impl Fault {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let is_later = matches!(self.status, 429 | 503);
        let mut response = (status, Json(self)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if is_later {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

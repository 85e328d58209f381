//! Console: the HTTP door for people and programs, and the pages. I/O: answers requests on a listener that it is given.
//!
//! It answers whether the service lives, whether it is ready and what its figures are, and makes the page of a comparison.

pub mod impact;
pub mod metrics;

mod html;
mod money;
mod scale;
mod svg;

pub use html::escaped;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use daybook_event::Position;
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Health {
    /// Whether inputs are being taken in.
    pub is_following: bool,
    /// The ledger's head.
    pub position: Position,
    /// The last position that the views contain.
    pub projected: Position,
    /// Messages that the stream has and the ledger does not.
    pub lag_messages: u64,
    /// Records that the ledger has and the views do not.
    pub lag_records: u64,
}

/// Beyond so many messages behind the stream, or records behind the ledger, the service is not ready.
pub const READY_LAG_MAX: u64 = 100_000;

impl Health {
    /// Whether figures may be asked for: inputs are followed, and neither ledger nor views are far behind.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_following && self.lag_messages <= READY_LAG_MAX && self.lag_records <= READY_LAG_MAX
    }
}

/// Whoever can say the figures of this moment. It may block: it is asked on a thread for that.
pub trait Measure: Send + Sync + 'static {
    /// The figures now.
    fn figures(&self) -> metrics::Figures;
}

/// What the door answers from.
#[derive(Clone)]
pub struct Sources {
    /// How the service is.
    pub health: watch::Receiver<Health>,
    /// Its figures.
    pub measure: Arc<dyn Measure>,
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
    let router = Router::new().route("/livez", get(livez)).route("/healthz", get(livez)).route("/readyz", get(readyz));
    let router = router.route("/metrics", get(scraped));
    axum::serve(listener, router.with_state(sources)).with_graceful_shutdown(stop).await
}

async fn livez() -> &'static str {
    "alive\n"
}

async fn scraped(State(sources): State<Sources>) -> Response {
    let measured = tokio::task::spawn_blocking(move || sources.measure.figures().text()).await;
    match measured {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn readyz(State(sources): State<Sources>) -> (StatusCode, Json<Health>) {
    let health = *sources.health.borrow();
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_following_and_not_far_behind() {
        let ready = Health { is_following: true, ..Health::default() };
        assert!(ready.is_ready());
        assert!(Health { lag_records: READY_LAG_MAX, ..ready }.is_ready());
        assert!(!Health { lag_records: READY_LAG_MAX + 1, ..ready }.is_ready());
        assert!(!Health { lag_messages: READY_LAG_MAX + 1, ..ready }.is_ready());
        assert!(!Health { is_following: false, ..ready }.is_ready());
    }
}

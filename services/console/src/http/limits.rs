//! What one request, and all together, may take.

use std::time::Duration;

/// The most that the request's headers may have together, in bytes.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// The longest path with its query, in bytes.
pub const URI_BYTES_MAX: usize = 4 * 1024;
/// The longest value of one parameter, in bytes.
pub const VALUE_BYTES_MAX: usize = 1_024;
/// Rows of one list in one answer, where nobody says how many.
pub const PAGE_ROWS: usize = 1_000;
/// The most rows of one list that may be asked for.
pub const PAGE_ROWS_MAX: usize = 10_000;
/// The most bytes that a query may make before it is cut into pages.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Requests of one caller under way at once.
pub const CALLER_REQUESTS_MAX: usize = 4;
/// Acts done at once, beside the queries; more wait, as long as a request may take.
pub(super) const ACTS_MAX: usize = 2;
/// Connections that are open at once; more wait.
pub const CONNECTIONS_MAX: usize = 256;
/// The longest that a connection lives.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(300);

/// The limits that a configuration may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a request's body. Default 8 MiB.
    pub body_bytes_max: usize,
    /// The longest that a request may take to arrive, and again to be answered. Default 60 s.
    pub request_time_max: Duration,
    /// Requests under way at once; more are refused. Default 64.
    pub requests_max: usize,
    /// Queries computed at once; more wait, as long as a request may take. Default 2.
    pub queries_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 8 * 1024 * 1024,
            request_time_max: Duration::from_secs(60),
            requests_max: 64,
            queries_max: 2,
        }
    }
}

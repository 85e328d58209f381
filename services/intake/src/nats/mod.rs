//! The broker: connecting, the stream, publishing, and a server of our own for the demo and the tests.

mod connect;
mod login;
mod publish;
mod search;
mod server;
mod stream;

pub(crate) use connect::Link;
pub use connect::{ConnectError, NatsConnection, NatsOptions, NatsTls, connect};
pub use login::{LoginFault, NatsCredentials, Secret};
pub use publish::{Outgoing, PublishCounts, PublishError, Publisher, PublisherOptions};
pub use search::{ServerNotFound, find_server};
pub use server::{NatsServer, ServerError, ServerOptions};
pub(crate) use stream::is_missing;
pub use stream::{StreamError, StreamOptions, StreamReport, ensure_stream};

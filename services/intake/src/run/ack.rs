//! Acknowledging what is durable. The acknowledgement is a hint for the broker and for whoever watches its consumers: it is
//! the ledger's cursor that says where to go on.

use async_nats::{Client, Subject};
use daybook_store::crash_point;
use std::time::Duration;
use tokio::sync::watch;

const ACK: &[u8] = b"+ACK";
/// How long the last acknowledgements may take: a broker that is away shall not hold up a stop.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// Where one message is acknowledged, and with it all before it.
pub(super) type Receipt = Subject;

/// Acknowledges the newest receipt whenever there is one, until no more can come.
pub(super) async fn acknowledge(client: Client, mut receipts: watch::Receiver<Option<Receipt>>) {
    while receipts.changed().await.is_ok() {
        let receipt = receipts.borrow_and_update().clone();
        let Some(receipt) = receipt else { continue };
        let sent = async {
            client.publish(receipt, ACK.into()).await.map_err(|error| error.to_string())?;
            client.flush().await.map_err(|error| error.to_string())
        };
        match tokio::time::timeout(FLUSH_MAX, sent).await {
            Ok(Ok(())) => crash_point("intake:after_ack"),
            Ok(Err(error)) => tracing::debug!(error, "an acknowledgement was not sent"),
            Err(_) => tracing::debug!("an acknowledgement was not sent in time"),
        }
    }
}

//! The verbs under `daybook person`.

use clap::{Args, Subcommand};
use daybook_event::SourceId;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PersonVerb {
    /// Seal personal data from standard input under the person's key, which is made on first use; print it in base64, for
    /// the field `sealed` of an event.
    Seal {
        #[command(flatten)]
        person: PersonArguments,
    },
    /// Open the newest sealed data of a person in the ledger, and write it to standard output.
    Show {
        #[command(flatten)]
        person: PersonArguments,
    },
    /// Destroy a person's key: what was sealed can never be read again. Records, proofs and figures stay as they are.
    Forget {
        #[command(flatten)]
        person: PersonArguments,
        /// Who asks for it; kept beside the keys.
        #[arg(long, value_parser = line)]
        by: String,
        /// Why; kept beside the keys.
        #[arg(long, value_parser = line)]
        reason: String,
    },
}

/// Which person, and where the keys are.
#[derive(Debug, Args)]
pub(crate) struct PersonArguments {
    /// Who publishes the person's certifications.
    #[arg(long, value_parser = SourceId::parse)]
    pub(crate) source: SourceId,
    /// The publisher's pseudonym of the person, as `person_id` of its events.
    #[arg(long, value_name = "PERSON_ID", value_parser = line)]
    pub(crate) person: String,
    /// The folder of keys, apart from the ledger's and for you alone (mode 0700).
    #[arg(long, env = "DAYBOOK_PERSON_KEYS", value_name = "DIR")]
    pub(crate) person_keys: PathBuf,
}

/// What a text field of an event takes.
fn line(text: &str) -> Result<String, String> {
    let bytes_max = daybook_proto::limits::TEXT_BYTES_MAX;
    if text.is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) {
        return Err(format!("write 1 to {bytes_max} bytes without control characters"));
    }
    Ok(text.to_owned())
}

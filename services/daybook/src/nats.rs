//! The broker's address and credentials from the command line.

use crate::cli::NatsArguments;
use crate::failure::Failure;
use daybook_intake::nats::{NatsCredentials, NatsOptions, NatsTls, Secret};

/// How to reach the broker; none where no address was given.
pub(crate) fn options(arguments: &NatsArguments) -> Result<Option<NatsOptions>, Failure> {
    let Some(url) = &arguments.nats else { return Ok(None) };
    let certificate_and_key_files = arguments.nats_tls_cert.clone().zip(arguments.nats_tls_key.clone());
    let tls = NatsTls {
        is_required: url.starts_with("tls://")
            || arguments.nats_tls_ca.is_some()
            || certificate_and_key_files.is_some(),
        ca_file: arguments.nats_tls_ca.clone(),
        certificate_and_key_files,
    };
    Ok(Some(NatsOptions { credentials: credentials(arguments)?, tls, ..NatsOptions::new(url) }))
}

fn credentials(arguments: &NatsArguments) -> Result<NatsCredentials, Failure> {
    let given = [
        ("--nats-creds", arguments.nats_creds.is_some()),
        ("--nats-nkey", arguments.nats_nkey.is_some()),
        ("--nats-user", arguments.nats_user.is_some()),
        ("--nats-token-file", arguments.nats_token_file.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect();
    if given.len() > 1 {
        return Err(Failure::Input(format!("{} exclude each other: give one", given.join(" and "))));
    }
    // Secrets come from files, never from the command line, where every process can read them.
    Ok(if let Some(file) = &arguments.nats_creds {
        NatsCredentials::File(file.clone())
    } else if let Some(file) = &arguments.nats_nkey {
        NatsCredentials::NkeySeed(Secret::file(file))
    } else if let (Some(user), Some(file)) = (&arguments.nats_user, &arguments.nats_password_file) {
        NatsCredentials::User { user: user.clone(), password: Secret::file(file) }
    } else if let Some(file) = &arguments.nats_token_file {
        NatsCredentials::Token(Secret::file(file))
    } else {
        NatsCredentials::None
    })
}

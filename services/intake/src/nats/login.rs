//! Who we are, to the broker. Secrets that stand in files are read at every login, so that they can be changed under a
//! running process.

use async_nats::Auth;
use nkeys::KeyPair;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A password, token or seed, or the file that holds it. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Here(String),
    File(PathBuf),
}

impl Secret {
    /// Takes a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Place::Here(text.into()))
    }

    /// The secret is what stands in this file, whenever it is needed. The end of its line is not part of it.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Place::File(path.into()))
    }

    fn reveal(&self) -> Result<String, LoginFault> {
        match &self.0 {
            Place::Here(text) => Ok(text.clone()),
            Place::File(path) => {
                let text = fs::read_to_string(path).map_err(unreadable(path))?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Here(_) => f.write_str("***"),
            Place::File(path) => write!(f, "the secret in {}", path.display()),
        }
    }
}

/// Who connects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NatsCredentials {
    /// Nobody in particular.
    #[default]
    None,
    /// A credentials file: JWT and seed.
    File(PathBuf),
    /// An NKey seed.
    NkeySeed(Secret),
    /// A user with a password.
    User {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token.
    Token(Secret),
}

/// Why we cannot say who we are. Never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum LoginFault {
    /// A file cannot be read.
    #[error("the NATS secret in {path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's message.
        source: io::Error,
    },
    /// A credentials file lacks a part.
    #[error(
        "the NATS credentials file {path} cannot be used: it has no {lacks}; give one made by nsc or the broker's admin"
    )]
    CredentialsFile {
        /// Which.
        path: PathBuf,
        /// What it lacks.
        lacks: &'static str,
    },
    /// A seed that is none.
    #[error("what is given as an NKey seed is none ({detail}): a user's seed begins with SU")]
    Seed {
        /// What is wrong with it.
        detail: String,
    },
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LoginFault {
    let path = path.to_owned();
    |source| LoginFault::Unreadable { path, source }
}

/// What answers the broker's question who we are; `nonce` is what it wants signed.
pub(super) fn login(credentials: &NatsCredentials, nonce: &[u8]) -> Result<Auth, LoginFault> {
    let mut auth = Auth::new();
    match credentials {
        NatsCredentials::None => {}
        NatsCredentials::File(path) => {
            let text = fs::read_to_string(path).map_err(unreadable(path))?;
            let mut parts = enclosed(&text);
            let mut part =
                |lacks| parts.next().ok_or_else(|| LoginFault::CredentialsFile { path: path.clone(), lacks });
            auth.jwt = Some(part("JWT")?.to_owned());
            auth.signature = Some(signed(&pair(part("seed")?)?, nonce)?);
        }
        NatsCredentials::NkeySeed(seed) => {
            let pair = pair(&seed.reveal()?)?;
            auth.nkey = Some(pair.public_key());
            auth.signature = Some(signed(&pair, nonce)?);
        }
        NatsCredentials::User { user, password } => {
            auth.username = Some(user.clone());
            auth.password = Some(password.reveal()?);
        }
        NatsCredentials::Token(token) => auth.token = Some(token.reveal()?),
    }
    Ok(auth)
}

/// What stands between two lines of dashes: in a credentials file first the JWT, then the seed.
fn enclosed(text: &str) -> impl Iterator<Item = &str> {
    let is_rule = |line: &str| line.starts_with("---");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let found: Vec<&str> = lines
        .windows(3)
        .filter(|three| is_rule(three[0]) && !is_rule(three[1]) && is_rule(three[2]))
        .map(|three| three[1])
        .collect();
    found.into_iter()
}

fn pair(seed: &str) -> Result<KeyPair, LoginFault> {
    KeyPair::from_seed(seed.trim()).map_err(|error| LoginFault::Seed { detail: error.to_string() })
}

fn signed(pair: &KeyPair, nonce: &[u8]) -> Result<Vec<u8>, LoginFault> {
    pair.sign(nonce).map_err(|error| LoginFault::Seed { detail: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key pair of the NATS documentation.
    const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

    fn creds(jwt: &str, seed: &str) -> String {
        format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n*** IMPORTANT ***\nSome words.\n\n\
             -----BEGIN USER NKEY SEED-----\r\n{seed}\r\n------END USER NKEY SEED------\n\n****\n"
        )
    }

    #[test]
    fn a_credentials_file_is_read_anew_at_every_login() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.creds");
        let credentials = NatsCredentials::File(path.clone());
        fs::write(&path, creds("first.jwt.x", SEED)).unwrap();
        let auth = login(&credentials, b"nonce").unwrap();
        assert_eq!(auth.jwt.as_deref(), Some("first.jwt.x"));
        let public = KeyPair::from_public_key(PUBLIC).unwrap();
        public.verify(b"nonce", &auth.signature.unwrap()).unwrap();
        fs::write(&path, creds("second.jwt.x", SEED)).unwrap();
        assert_eq!(login(&credentials, b"").unwrap().jwt.as_deref(), Some("second.jwt.x"));
    }

    #[test]
    fn a_secret_in_a_file_is_read_without_the_end_of_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        fs::write(&path, "open sesame\r\n").unwrap();
        let credentials = NatsCredentials::User { user: "u".into(), password: Secret::file(&path) };
        assert_eq!(login(&credentials, b"").unwrap().password.as_deref(), Some("open sesame"));
        assert!(format!("{credentials:?}").contains("password"), "the file's name is no secret");
        fs::remove_file(&path).unwrap();
        assert!(login(&credentials, b"").err().unwrap().to_string().contains(path.to_str().unwrap()));
    }

    #[test]
    fn what_cannot_be_used_is_said_without_the_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.creds");
        let broken = format!("{}X", &SEED[..SEED.len() - 1]);
        for (text, wanted) in [
            (String::new(), "no JWT"),
            ("-----BEGIN NATS USER JWT-----\nabc\n------END NATS USER JWT------\n".to_owned(), "no seed"),
            (creds("a.b.c", &broken), "NKey seed"),
        ] {
            fs::write(&path, text).unwrap();
            let said = login(&NatsCredentials::File(path.clone()), b"").err().unwrap().to_string();
            assert!(said.contains(wanted) && !said.contains(&broken), "{said}");
        }
        let said = login(&NatsCredentials::NkeySeed(Secret::new(broken.clone())), b"").err().unwrap().to_string();
        assert!(said.contains("SU") && !said.contains(&broken), "{said}");
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }
}

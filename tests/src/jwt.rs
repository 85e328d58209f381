//! Logins with JWTs, made on the spot: an operator, its accounts, and users with credentials that expire when a test says.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An operator with one account for events, and the account that a server in operator mode needs for itself.
pub struct Operator {
    pair: KeyPair,
    account: KeyPair,
    system: KeyPair,
}

impl Default for Operator {
    fn default() -> Self {
        Self { pair: KeyPair::new_operator(), account: KeyPair::new_account(), system: KeyPair::new_account() }
    }
}

impl Operator {
    /// The part of a server's configuration that trusts this operator.
    #[must_use]
    pub fn configuration(&self) -> String {
        let operator = token(&self.pair, &self.pair, "operator", None, &json!({"type": "operator", "version": 2}));
        let [account, system] = [(&self.account, -1), (&self.system, 0)].map(|(pair, storage_bytes)| {
            let limits = json!({
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
                "mem_storage": storage_bytes, "disk_storage": storage_bytes, "streams": storage_bytes, "consumer": storage_bytes
            });
            let claims = json!({"limits": limits, "default_permissions": {"pub": {}, "sub": {}}, "type": "account", "version": 2});
            format!("{}: {}", pair.public_key(), token(&self.pair, pair, "account", None, &claims))
        });
        format!(
            "operator: {operator}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n  {account}\n  {system}\n}}\n",
            self.system.public_key()
        )
    }

    /// A credentials file of a new user of the account, and its seed, which is the secret in it.
    #[must_use]
    pub fn credentials(&self, expires_in: Option<Duration>) -> (String, String) {
        let user = KeyPair::new_user();
        let claims = json!({"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2});
        let jwt = token(&self.account, &user, "user", expires_in, &claims);
        let seed = user.seed().expect("a new pair has a seed");
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        (text, seed)
    }
}

fn token(issuer: &KeyPair, subject: &KeyPair, name: &str, expires_in: Option<Duration>, nats: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let mut claims = json!({
        "jti": subject.public_key(), "iat": now, "iss": issuer.public_key(), "name": name, "sub": subject.public_key(), "nats": nats
    });
    if let Some(after) = expires_in {
        claims["exp"] = (now + after.as_secs()).into();
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "ed25519-nkey"})), part(&claims));
    let signature = issuer.sign(signed.as_bytes()).expect("a new pair can sign");
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

//! Users and tokens, and the server as a child.

use crate::support::server_start;
use daybook_intake::nats::{
    NatsCredentials, NatsOptions, NatsServer, NatsTls, Secret, ServerError, ServerOptions, StreamOptions, connect,
    ensure_stream,
};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

fn config(dir: &Path, text: &str) -> Option<PathBuf> {
    let path = dir.join("server.conf");
    std::fs::write(&path, text).unwrap();
    Some(path)
}

async fn is_let_in(server: &NatsServer, credentials: NatsCredentials) -> Result<(), String> {
    let options = NatsOptions { credentials, connect_timeout_ms: 2_000, ..NatsOptions::new(server.url()) };
    let connection = connect(&options).await.map_err(|error| error.to_string())?;
    ensure_stream(&connection, &StreamOptions::default()).await.map(|_| ()).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_let_in_with_the_right_password_only() {
    let dir = tempfile::tempdir().unwrap();
    let config_file = config(dir.path(), "authorization { user: intake, password: \"open sesame\" }");
    let server = server_start(dir.path(), ServerOptions { config_file, ..ServerOptions::default() });
    let user = |password| NatsCredentials::User { user: "intake".into(), password: Secret::new(password) };
    is_let_in(&server, user("open sesame")).await.unwrap();
    let refusal = is_let_in(&server, user("open barley")).await.unwrap_err();
    assert!(refusal.contains("authorization") && !refusal.contains("barley"), "{refusal}");
    assert!(is_let_in(&server, NatsCredentials::None).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_seed_are_passed_through() {
    let dir = tempfile::tempdir().unwrap();
    let config_file = config(dir.path(), "authorization { token: \"t0ken\" }");
    let server = server_start(dir.path(), ServerOptions { config_file, ..ServerOptions::default() });
    is_let_in(&server, NatsCredentials::Token(Secret::new("t0ken"))).await.unwrap();
    assert!(is_let_in(&server, NatsCredentials::Token(Secret::new("token"))).await.is_err());
    drop(server);
    // The example key pair of the NATS documentation.
    let (seed, public) = (
        "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
        "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
    );
    let config_file = config(dir.path(), &format!("authorization {{ users: [ {{ nkey: {public} }} ] }}"));
    let server = server_start(dir.path(), ServerOptions { config_file, ..ServerOptions::default() });
    is_let_in(&server, NatsCredentials::NkeySeed(Secret::new(seed))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_checks_both_ends() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls").join(name);
    let text = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        file("server.pem"),
        file("server-key.pem"),
        file("ca.pem")
    );
    let config_file = config(dir.path(), &text);
    let server = server_start(dir.path(), ServerOptions { config_file, ..ServerOptions::default() });
    let tls = NatsTls {
        is_required: true,
        ca_file: Some(file("ca.pem")),
        certificate_and_key_files: Some((file("client.pem"), file("client-key.pem"))),
    };
    let is_let_in = async |tls: NatsTls| {
        let url = format!("tls://localhost:{}", server.port());
        connect(&NatsOptions { tls, connect_timeout_ms: 1_000, ..NatsOptions::new(url) }).await.is_ok()
    };
    assert!(is_let_in(tls.clone()).await);
    assert!(!is_let_in(NatsTls { certificate_and_key_files: None, ..tls.clone() }).await, "no certificate of ours");
    assert!(!is_let_in(NatsTls { ca_file: None, ..tls }).await, "an authority that the system does not know");
}

#[test]
fn a_server_listens_until_it_is_dropped_and_keeps_its_port_when_restarted() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = server_start(dir.path(), ServerOptions::default());
    let port = server.port();
    let is_listening = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!(is_listening());
    server.kill().unwrap();
    assert!(!is_listening());
    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert!(is_listening());
    drop(server);
    assert!(!is_listening());
}

#[test]
fn a_server_that_does_not_start_says_where_its_log_is() {
    let dir = tempfile::tempdir().unwrap();
    let config_file = config(dir.path(), "port: server.conf:1");
    let options = ServerOptions { config_file, start_timeout_ms: 300, ..ServerOptions::default() };
    let error = NatsServer::start(dir.path(), options).unwrap_err();
    assert!(matches!(error, ServerError::Silent { .. }), "{error}");
    assert!(error.to_string().contains("nats-server.log") && error.to_string().contains("server.conf:1"), "{error}");
    let options =
        ServerOptions { binary: Some("/nowhere/nats-server".into()), start_timeout_ms: 300, ..Default::default() };
    let error = NatsServer::start(dir.path(), options).unwrap_err().to_string();
    assert!(error.contains("/nowhere/nats-server"), "{error}");
}

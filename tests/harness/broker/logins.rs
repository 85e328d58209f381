//! Every way to log in, with the real broker: right, wrong, expired, and changed while we run. No secret is ever printed.

use crate::crash::scene::Scene;
use crate::crash::scene::texts;
use daybook_intake::nats::{NatsCredentials, Secret};
use daybook_tests::broker::Broker;
use daybook_tests::daybook::{Daybook, PATIENCE};
use daybook_tests::history::{History, THROUGH};
use daybook_tests::http::get;
use daybook_tests::jwt::Operator;
use daybook_tests::ledger_state::{LedgerState, wait_until_projected};
use daybook_tests::workspace_root;
use nkeys::KeyPair;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const HISTORY_SEED: u64 = 20_220_301;
const EVENTS: usize = 60;
const REFUSED: &str = "NATS refuses our credentials, or they have expired";

/// The binary, saying all that it and its libraries ever say.
fn daybook(dir: &Path, name: &str) -> Daybook {
    Daybook::on(&dir.join(name)).with("DAYBOOK_LOG", "trace")
}

fn serve(url: &str, login: &[&str]) -> Vec<String> {
    let arguments = ["serve", "--nats", url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH];
    arguments.iter().chain(login).map(|argument| (*argument).to_owned()).collect()
}

/// One login: drains with the right secret, and is refused with the wrong one, without a word of either.
fn let_in_and_refused(what: &str, broker: &Broker, url: &str, flags: &[&str], secret_file: &Path, wrong: &str) {
    let dir = tempfile::tempdir().unwrap();
    let right = fs::read_to_string(secret_file).unwrap();
    let arguments = serve(url, flags);
    let daybook = daybook(dir.path(), "ledger");
    let last = broker.publish(History::generate(HISTORY_SEED, 3, EVENTS).messages());
    let done = daybook.run(&texts(&arguments));
    let said_when_right = format!("{}{}", done.stdout, done.stderr);
    done.ok();
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), last);
    fs::write(secret_file, wrong).unwrap();
    let done = daybook.run(&texts(&arguments));
    done.expect(2, &["127.0.0.1", "refuses us"]);
    println!("{what}: {}", done.stderr.lines().last().unwrap_or_default());
    for line in right.lines().chain(wrong.lines()).filter(|line| line.len() > 5 && !line.starts_with("---")) {
        for said in [&said_when_right, &done.stdout, &done.stderr] {
            let at = said.find(line).map(|at| said[at.saturating_sub(200)..at].to_owned());
            assert_eq!(at, None, "{what}: a secret was printed behind this");
        }
    }
}

fn file(dir: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_password_lets_in_and_a_wrong_one_is_refused_unsaid() {
    let dir = tempfile::tempdir().unwrap();
    let secret = file(dir.path(), "password", "open-sesame-7\n");
    let user = NatsCredentials::User { user: "intake".into(), password: Secret::new("open-sesame-7") };
    let broker = Broker::start_as("authorization { user: intake, password: \"open-sesame-7\" }", user);
    let flags = ["--nats-user", "intake", "--nats-password-file", secret.to_str().unwrap()];
    let_in_and_refused("password", &broker, &broker.url(), &flags, &secret, "open-barley-8");
}

#[test]
fn a_token_lets_in_and_a_wrong_one_is_refused_unsaid() {
    let dir = tempfile::tempdir().unwrap();
    let secret = file(dir.path(), "token", "t0ken-of-intake");
    let broker = Broker::start_as(
        "authorization { token: \"t0ken-of-intake\" }",
        NatsCredentials::Token(Secret::new("t0ken-of-intake")),
    );
    let flags = ["--nats-token-file", secret.to_str().unwrap()];
    let_in_and_refused("token", &broker, &broker.url(), &flags, &secret, "t0ken-of-nobody");
}

#[test]
fn an_nkey_lets_in_and_one_that_the_broker_does_not_know_is_refused_unsaid() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (KeyPair::new_user(), KeyPair::new_user());
    let secret = file(dir.path(), "intake.nk", &ours.seed().unwrap());
    let configuration = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", ours.public_key());
    let broker = Broker::start_as(&configuration, NatsCredentials::NkeySeed(Secret::new(ours.seed().unwrap())));
    let flags = ["--nats-nkey", secret.to_str().unwrap()];
    let_in_and_refused("nkey", &broker, &broker.url(), &flags, &secret, &other.seed().unwrap());
}

#[test]
fn credentials_let_in_and_those_of_another_operator_are_refused_unsaid() {
    let dir = tempfile::tempdir().unwrap();
    let operator = Operator::default();
    let own = file(dir.path(), "own.creds", &operator.credentials(None).0);
    let secret = file(dir.path(), "intake.creds", &operator.credentials(None).0);
    let broker = Broker::start_as(&operator.configuration(), NatsCredentials::File(own));
    let flags = ["--nats-creds", secret.to_str().unwrap()];
    let stranger = Operator::default().credentials(None).0;
    let_in_and_refused("credentials", &broker, &broker.url(), &flags, &secret, &stranger);
}

#[test]
fn tls_lets_in_and_another_authority_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let of = |name: &str| workspace_root().join("services/intake/testdata/tls").join(name).display().to_string();
    let configuration = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}\n",
        of("server.pem"),
        of("server-key.pem"),
        of("ca.pem")
    );
    let broker = Broker::start_over_tls(&configuration);
    let last = broker.publish(History::generate(HISTORY_SEED, 3, EVENTS).messages());
    let url = broker.url().replace("nats://127.0.0.1", "tls://localhost");
    let (ca, cert, key) = (of("ca.pem"), of("client.pem"), of("client-key.pem"));
    let daybook = daybook(dir.path(), "ledger");
    let flags = ["--nats-tls-ca", &ca, "--nats-tls-cert", &cert, "--nats-tls-key", &key];
    daybook.run(&texts(&serve(&url, &flags))).ok();
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), last);
    for refused in [&flags[2..], &flags[..2]] {
        let done = daybook.run(&texts(&serve(&url, refused)));
        done.expect(2, &["tls://localhost"]);
        println!("tls: {}", done.stderr.lines().last().unwrap_or_default());
    }
}

/// A `serve` whose login ends under it: it says so, is not ready, and goes on with what stands in the file then.
fn comes_back_with_new_credentials(
    what: &str,
    broker: &Broker,
    flags: &[&str],
    end: impl FnOnce(),
    renew: impl FnOnce(),
) {
    let dir = tempfile::tempdir().unwrap();
    let messages = History::generate(HISTORY_SEED, 3, EVENTS).messages();
    let first = broker.publish(messages[..EVENTS / 2].iter().cloned());
    let url = broker.url();
    let arguments: Vec<String> = serve(&url, flags).into_iter().filter(|flag| flag != "--until-drained").collect();
    let daybook = daybook(dir.path(), "ledger").with("DAYBOOK_LOG", "info");
    let mut running = daybook.start(&texts(&arguments));
    let address = running.address();
    wait_until_projected(daybook.ledger(), first);
    end();
    let since = Instant::now();
    while !(running.log().contains(REFUSED) && get(&address, "/readyz").0 == 503) {
        assert!(!running.has_ended() && since.elapsed() < PATIENCE, "{what}: {}", running.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{what}: refused after {:?}, said {} times", since.elapsed(), running.log().matches(REFUSED).count());
    assert_eq!(get(&address, "/livez").0, 200, "it lives on");
    renew();
    let since = Instant::now();
    let last = broker.publish(messages[EVENTS / 2..].iter().cloned());
    wait_until_projected(daybook.ledger(), last);
    println!("{what}: went on {:?} after the new credentials", since.elapsed());
    running.terminate();
    running.wait().ok();
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), EVENTS as u64);
}

#[test]
fn credentials_that_expire_are_said_and_new_ones_in_the_same_file_are_taken() {
    const LIFE: Duration = Duration::from_secs(15);
    let dir = tempfile::tempdir().unwrap();
    let operator = Operator::default();
    let own = file(dir.path(), "own.creds", &operator.credentials(None).0);
    let broker = Broker::start_as(&operator.configuration(), NatsCredentials::File(own));
    let secret = file(dir.path(), "intake.creds", &operator.credentials(Some(LIFE)).0);
    let flags = ["--nats-creds", secret.to_str().unwrap()];
    let renew = || fs::write(&secret, operator.credentials(None).0).unwrap();
    comes_back_with_new_credentials("expired credentials", &broker, &flags, || (), renew);
}

#[test]
fn a_password_that_is_changed_at_the_broker_is_said_and_the_new_one_in_the_same_file_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let secret = file(dir.path(), "password", "the-old-one");
    let configuration = |password| {
        format!(
            "authorization {{ users: [ {{ user: test, password: \"of-the-test\" }}, {{ user: intake, password: {password:?} }} ] }}\n"
        )
    };
    let user = NatsCredentials::User { user: "test".into(), password: Secret::new("of-the-test") };
    let broker = Broker::start_as(&configuration("the-old-one"), user);
    let flags = ["--nats-user", "intake", "--nats-password-file", secret.to_str().unwrap()];
    let end = || broker.reconfigure(&configuration("the-new-one"));
    let renew = || fs::write(&secret, "the-new-one\n").unwrap();
    comes_back_with_new_credentials("changed password", &broker, &flags, end, renew);
}

#[test]
fn what_cannot_be_a_login_is_said_before_a_ledger_is_made() {
    let scene = Scene::empty();
    let dir = tempfile::tempdir().unwrap();
    let empty = file(dir.path(), "empty", "");
    let missing = dir.path().join("missing");
    for (flag, path, said) in [
        ("--nats-creds", &empty, "has no JWT"),
        ("--nats-creds", &missing, "cannot be read"),
        ("--nats-nkey", &empty, "NKey seed"),
        ("--nats-token-file", &missing, "cannot be read"),
    ] {
        let daybook = daybook(dir.path(), "none");
        let arguments = serve(&scene.broker.url(), &[flag, path.to_str().unwrap()]);
        daybook.run(&texts(&arguments)).expect(2, &[said]);
        assert!(!daybook.ledger().exists());
    }
}

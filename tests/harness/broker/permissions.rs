//! The permissions file of the deployment, as it stands there, before a real server: each may do its part and nothing else.

use crate::crash::scene::texts;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions};
use daybook_intake::nats::{NatsCredentials, Outgoing, Secret};
use daybook_proto::STREAM;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::LedgerState;
use daybook_tests::workspace_root;
use futures_util::StreamExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

const USERS: [&str; 5] = ["contoso", "northwind", "operators", "daybook", "admin"];
/// How long an answer is waited for that shall not come.
const PATIENCE: Duration = Duration::from_secs(1);

fn password(user: &str) -> String {
    format!("password-of-{user}")
}

/// The server with the deployment's file, and passwords where it expects them.
fn broker() -> Broker {
    let file = std::fs::read_to_string(workspace_root().join("deploy/nats/permissions.conf")).unwrap();
    let passwords: Vec<String> =
        USERS.iter().map(|user| format!("{}_PASSWORD: {:?}\n", user.to_uppercase(), password(user))).collect();
    Broker::start_as(&format!("{}{file}", passwords.concat()), login("admin"))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn login(user: &str) -> NatsCredentials {
    NatsCredentials::User { user: user.to_owned(), password: Secret::new(password(user)) }
}

/// Somebody who is logged in, and what the server has refused to them.
struct User {
    name: &'static str,
    client: Client,
    context: Context,
    refusals: Arc<Mutex<Vec<String>>>,
}

impl User {
    async fn new(broker: &Broker, name: &'static str) -> Self {
        let refusals = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&refusals);
        let options =
            ConnectOptions::with_user_and_password(name.to_owned(), password(name)).event_callback(move |event| {
                if let async_nats::Event::ServerError(error) = event {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(error.to_string());
                }
                async {}
            });
        let is_source = ["contoso", "northwind"].contains(&name);
        let options = if is_source { options.custom_inbox_prefix(format!("_INBOX_{name}")) } else { options };
        let client = options.connect(broker.url()).await.unwrap();
        let mut context = jetstream::new(client.clone());
        context.set_timeout(PATIENCE);
        Self { name, client, context, refusals }
    }

    /// Whether the stream has acknowledged a message on this subject.
    async fn may_publish(&self, subject: &str) -> bool {
        match self.context.publish(subject.to_owned(), "x".into()).await {
            Ok(ack) => ack.await.is_ok(),
            Err(_) => false,
        }
    }

    /// Whether anything at all comes on this subject while somebody else publishes.
    async fn may_read(&self, subject: &str, publish: impl AsyncFn()) -> bool {
        let mut subscriber = self.client.subscribe(subject.to_owned()).await.unwrap();
        self.client.flush().await.unwrap();
        publish().await;
        matches!(tokio::time::timeout(PATIENCE, subscriber.next()).await, Ok(Some(_)))
    }

    /// Whether the broker answers a question to its interface.
    async fn may_ask(&self, subject: &str, body: &str) -> bool {
        let asked = self.client.request(subject.to_owned(), body.to_owned().into());
        matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(_)))
    }

    fn refusals(&self) -> usize {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

const OF_CONTOSO: &str = "csp.events.contoso.P-1.license_sale";
const OF_NORTHWIND: &str = "csp.events.northwind.P-1.license_sale";
const OF_LEDGER: &str = "csp.events.ledger._.rule_book_adopted";

#[test]
fn each_may_publish_its_own_subjects_only() {
    let broker = broker();
    let runtime = runtime();
    let may: [(&'static str, &[&str]); 5] = [
        ("contoso", &[OF_CONTOSO]),
        ("northwind", &[OF_NORTHWIND]),
        ("operators", &[OF_LEDGER]),
        ("daybook", &[]),
        ("admin", &[]),
    ];
    let mut tried = (0, 0);
    for (name, own) in may {
        let user = runtime.block_on(User::new(&broker, name));
        for subject in [OF_CONTOSO, OF_NORTHWIND, OF_LEDGER] {
            let may = own.contains(&subject);
            assert_eq!(runtime.block_on(user.may_publish(subject)), may, "{name} on {subject}");
            *(if may { &mut tried.0 } else { &mut tried.1 }) += 1;
        }
        assert_eq!(user.refusals(), 3 - own.len(), "{}: what is refused is said to the client", user.name);
    }
    let messages = broker.with_stream(async |stream| stream.cached_info().state.messages);
    assert_eq!(messages, tried.0);
    println!("{} publications taken, {} refused", tried.0, tried.1);
}

#[test]
fn no_source_reads_anything_but_its_own_answers() {
    let broker = broker();
    let runtime = runtime();
    let refused = runtime.block_on(async {
    let northwind = User::new(&broker, "northwind").await;
    let publish = async || assert!(northwind.may_publish(OF_NORTHWIND).await);
    let mut refused = 0;
    for name in ["contoso", "operators"] {
        let user = User::new(&broker, name).await;
        for subject in ["csp.events.>", "csp.>", ">", "$JS.>"] {
            assert!(!user.may_read(subject, publish).await, "{name} reads {subject}");
            refused += 1;
        }
        let consumer = format!(
            "{{\"stream_name\":{STREAM:?},\"config\":{{\"deliver_subject\":\"_INBOX_{name}.spy\",\"ack_policy\":\"none\"}}}}"
        );
        for (question, body) in [
            (format!("$JS.API.STREAM.MSG.GET.{STREAM}"), "{\"seq\":1}"),
            (format!("$JS.API.DIRECT.GET.{STREAM}"), "{\"seq\":1}"),
            (format!("$JS.API.CONSUMER.CREATE.{STREAM}"), consumer.as_str()),
            (format!("$JS.API.CONSUMER.LIST.{STREAM}"), ""),
        ] {
            assert!(!user.may_ask(&question, body).await, "{name} asks {question}");
            refused += 1;
        }
    }
    // daybook's pulls are answered on `_INBOX.>`: a source that could listen there would read every source's events.
    let contoso = User::new(&broker, "contoso").await;
    let daybook = User::new(&broker, "daybook").await;
    let answer = async || assert!(daybook.may_ask("$JS.API.INFO", "").await);
    assert!(!contoso.may_read("_INBOX.>", answer).await);
        refused + 1
    });
    println!("{refused} ways to read refused");
}

#[test]
fn only_the_admin_makes_and_changes_the_stream() {
    let broker = broker();
    let runtime = runtime();
    let refused = runtime.block_on(async {
        let mut refused = 0;
        for name in ["contoso", "northwind", "operators", "daybook"] {
            let user = User::new(&broker, name).await;
            for (question, body) in [
                ("$JS.API.STREAM.CREATE.MINE".to_owned(), "{\"name\":\"MINE\",\"subjects\":[\"mine.>\"]}"),
                (format!("$JS.API.STREAM.UPDATE.{STREAM}"), "{}"),
                (format!("$JS.API.STREAM.PURGE.{STREAM}"), ""),
                (format!("$JS.API.STREAM.MSG.DELETE.{STREAM}"), "{\"seq\":1}"),
                (format!("$JS.API.STREAM.DELETE.{STREAM}"), ""),
            ] {
                assert!(!user.may_ask(&question, body).await, "{name} asks {question}");
                refused += 1;
            }
        }
        let admin = User::new(&broker, "admin").await;
        assert!(admin.may_ask(&format!("$JS.API.STREAM.INFO.{STREAM}"), "").await);
        refused
    });
    println!("{refused} changes refused");
}

#[test]
fn serve_follows_the_stream_with_what_the_file_gives_it() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker();
    let messages: Vec<Outgoing> = History::generate(7, 3, 400).messages();
    let is_of_contoso = |message: &Outgoing| message.subject.starts_with("csp.events.contoso.");
    let messages: Vec<Outgoing> = messages.into_iter().filter(is_of_contoso).collect();
    let runtime = runtime();
    let expected = messages.len();
    assert!(expected > 50, "{expected} events of contoso");
    runtime.block_on(async {
        let contoso = User::new(&broker, "contoso").await;
        for message in messages {
            contoso.context.publish(message.subject, message.payload.into()).await.unwrap().await.unwrap();
        }
    });
    let secret = dir.path().join("password");
    std::fs::write(&secret, password("daybook")).unwrap();
    let url = broker.url();
    let arguments = [
        ["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH].as_slice(),
        &["--nats-user", "daybook", "--nats-password-file", secret.to_str().unwrap()],
    ]
    .concat();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    let done = daybook.run(&texts(&arguments));
    assert!(!done.stderr.to_lowercase().contains("permissions violation"), "{}", done.stderr);
    done.ok();
    assert_eq!(LedgerState::read(daybook.ledger()).position.number(), expected as u64);
    // Another start looks at the message at the cursor too.
    let done = daybook.run(&texts(&arguments));
    assert!(!done.stderr.to_lowercase().contains("permissions violation"), "{}", done.stderr);
    done.ok();
}

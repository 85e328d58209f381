//! The configuration of `serve`, and of verbs that use the same file: flags over environment over one TOML file.

use crate::cli::{Cli, FourEyesArguments, NatsArguments, ServeArguments};
use crate::failure::Failure;
use daybook_console::http::Limits;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's tables. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    ledger: LedgerTable,
    nats: NatsTable,
    intake: IntakeTable,
    http: HttpTable,
    rules: RulesTable,
    log: LogTable,
    checkpoint: CheckpointTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LedgerTable {
    dir: Option<PathBuf>,
    cache_bytes_max: Option<usize>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NatsTable {
    url: Option<String>,
    stream: Option<String>,
    tls_ca: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    creds: Option<PathBuf>,
    nkey_seed_file: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct IntakeTable {
    batch_records_max: Option<usize>,
    batch_bytes_max: Option<usize>,
    batch_age_ms_max: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HttpTable {
    listen: Option<String>,
    tokens: Option<PathBuf>,
    body_bytes_max: Option<usize>,
    request_seconds_max: Option<u64>,
    requests_max: Option<usize>,
    queries_max: Option<usize>,
}

impl HttpTable {
    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            body_bytes_max: self.body_bytes_max.unwrap_or(default.body_bytes_max),
            request_time_max: self.request_seconds_max.map_or(default.request_time_max, Duration::from_secs),
            requests_max: self.requests_max.unwrap_or(default.requests_max),
            queries_max: self.queries_max.unwrap_or(default.queries_max),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RulesTable {
    dir: Option<PathBuf>,
    book: Option<String>,
    four_eyes: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogTable {
    format: Option<LogFormat>,
    filter: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CheckpointTable {
    key: Option<PathBuf>,
    every: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// What `serve` runs with.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) ledger: PathBuf,
    pub(crate) cache_bytes_max: usize,
    pub(crate) nats: NatsArguments,
    pub(crate) stream: String,
    pub(crate) batch_records_max: Option<usize>,
    pub(crate) batch_bytes_max: Option<usize>,
    pub(crate) batch_age_ms_max: Option<u64>,
    pub(crate) listen: String,
    /// The file of tokens of the HTTP door; none: it says how the service is, and no more.
    pub(crate) tokens: Option<PathBuf>,
    /// What a request may take.
    pub(crate) http_limits: Limits,
    pub(crate) rules: Option<PathBuf>,
    pub(crate) book: String,
    /// Whether an adoption or closing needs an approver beside the one who does it.
    pub(crate) four_eyes: bool,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: String,
    /// Where the signing key is; none: in the ledger's folder.
    pub(crate) signing_key: Option<PathBuf>,
    /// How often a checkpoint is signed.
    pub(crate) checkpoint_every: Option<Duration>,
}

/// What operators' acts run with, and the verbs that look for them.
#[derive(Debug)]
pub(crate) struct ActConfig {
    pub(crate) ledger: PathBuf,
    pub(crate) nats: NatsArguments,
    pub(crate) rules: Option<PathBuf>,
    /// Whether an act needs an approver beside the one who does it.
    pub(crate) four_eyes: bool,
    /// Where the signing key is; none: in the ledger's folder.
    pub(crate) signing_key: Option<PathBuf>,
}

/// Where health is told when nobody says otherwise: loopback only.
const LISTEN_DEFAULT: &str = "127.0.0.1:7480";
const CACHE_BYTES_MAX_DEFAULT: usize = 64 * 1024 * 1024;

impl Config {
    pub(crate) fn of(cli: &Cli, arguments: &ServeArguments) -> Result<Self, Failure> {
        let file = arguments.config.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Self {
            ledger: ledger(cli, &file.ledger),
            cache_bytes_max: file.ledger.cache_bytes_max.unwrap_or(CACHE_BYTES_MAX_DEFAULT),
            nats: nats(&arguments.nats, &file.nats),
            stream: file.nats.stream.unwrap_or_else(|| daybook_proto::STREAM.to_owned()),
            batch_records_max: arguments.batch_records_max.or(file.intake.batch_records_max),
            batch_bytes_max: file.intake.batch_bytes_max,
            batch_age_ms_max: file.intake.batch_age_ms_max,
            http_limits: file.http.limits(),
            tokens: arguments.tokens.clone().or(file.http.tokens),
            listen: arguments.listen.clone().or(file.http.listen).unwrap_or_else(|| LISTEN_DEFAULT.to_owned()),
            rules: cli.rules.clone().or(file.rules.dir),
            book: arguments.book.clone().or(file.rules.book).unwrap_or_else(|| "current".to_owned()),
            four_eyes: arguments.four_eyes || file.rules.four_eyes,
            log_format: file.log.format.unwrap_or_default(),
            log_filter: std::env::var("DAYBOOK_LOG").ok().or(file.log.filter).unwrap_or_else(|| "info".to_owned()),
            signing_key: signing_key(&file.checkpoint),
            checkpoint_every: file.checkpoint.every.as_deref().map(interval).transpose()?,
        })
    }
}

impl ActConfig {
    pub(crate) fn of(cli: &Cli, given: &NatsArguments, four_eyes: &FourEyesArguments) -> Result<Self, Failure> {
        let file = four_eyes.config.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Self {
            ledger: ledger(cli, &file.ledger),
            nats: nats(given, &file.nats),
            rules: cli.rules.clone().or(file.rules.dir),
            four_eyes: four_eyes.four_eyes || file.rules.four_eyes,
            signing_key: signing_key(&file.checkpoint),
        })
    }
}

/// The ledger's folder. Clap cannot say whether it was given or defaulted, so the default gives way to the file.
fn ledger(cli: &Cli, file: &LedgerTable) -> PathBuf {
    let is_default = cli.ledger == Path::new("./daybook-data");
    file.dir.clone().filter(|_| is_default).unwrap_or_else(|| cli.ledger.clone())
}

/// The ledger's folder and the signing key, for verbs that sign.
pub(crate) fn signing(
    cli: &Cli,
    config: Option<&Path>,
    given: Option<&Path>,
) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    let file = config.map(read).transpose()?.unwrap_or_default();
    let key = given.map(Path::to_owned).or_else(|| signing_key(&file.checkpoint));
    Ok((ledger(cli, &file.ledger), key))
}

/// Where the signing key is, if anybody says so.
fn signing_key(file: &CheckpointTable) -> Option<PathBuf> {
    std::env::var_os("DAYBOOK_SIGNING_KEY").map(PathBuf::from).or_else(|| file.key.clone())
}

/// An interval such as 1h, 30m or 45s.
fn interval(text: &str) -> Result<Duration, Failure> {
    let wrong =
        || Failure::Input(format!("[checkpoint] every = {text:?}: write a number with s, m, h or d, such as 1h"));
    let unit_seconds = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    if count == 0 { Err(wrong()) } else { Ok(Duration::from_secs(u64::from(count) * unit_seconds)) }
}

/// The broker as given, else as the file says.
fn nats(given: &NatsArguments, file: &NatsTable) -> NatsArguments {
    let (given, file) = (given.clone(), file.clone());
    NatsArguments {
        nats: given.nats.or(file.url),
        nats_tls_ca: given.nats_tls_ca.or(file.tls_ca),
        nats_tls_cert: given.nats_tls_cert.or(file.tls_cert),
        nats_tls_key: given.nats_tls_key.or(file.tls_key),
        nats_creds: given.nats_creds.or(file.creds),
        nats_nkey: given.nats_nkey.or(file.nkey_seed_file),
        nats_user: given.nats_user.or(file.user),
        nats_password_file: given.nats_password_file.or(file.password_file),
        nats_token_file: given.nats_token_file.or(file.token_file),
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Input(format!("cannot read the configuration {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_configurations_are_read_whole() {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        for name in ["daybook.example.toml", "compose.daybook.toml", "kustomize/daybook.toml"] {
            let read = read(&deploy.join(name));
            assert!(read.is_ok(), "{name}: {read:?}");
        }
    }

    #[test]
    fn an_interval_is_a_number_and_a_unit() {
        let read: Vec<u64> = ["45s", "30m", "1h", "2d"].iter().map(|text| interval(text).unwrap().as_secs()).collect();
        assert_eq!(read, [45, 1_800, 3_600, 172_800]);
        for wrong in ["", "h", "0h", "1", "1 h", "-1h", "1w", "9999999999h", "1\u{b5}"] {
            assert!(interval(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[intake]\nbatch_record_max = 5\n").unwrap();
        let Err(Failure::Input(text)) = read(file.path()) else { panic!("the file was accepted") };
        assert!(text.contains("batch_record_max"), "{text}");
    }
}

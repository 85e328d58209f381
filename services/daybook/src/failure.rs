//! What a verb ends with when it does not end well.

use std::process::ExitCode;

/// Why a verb failed, by exit status.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Exit status 1: a check failed; what it found is on standard output already.
    Check(String),
    /// Exit status 2: bad arguments or input. What, where, what to do.
    Input(String),
    /// Exit status 141, as a shell counts it: the reader of our output went away.
    BrokenPipe,
}

impl Failure {
    /// A bad argument or input, from any error.
    pub(crate) fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }

    pub(crate) fn print(&self) {
        match self {
            Self::Check(text) | Self::Input(text) => eprintln!("daybook: {text}"),
            Self::BrokenPipe => {}
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Check(_) => ExitCode::from(1),
            Self::Input(_) => ExitCode::from(2),
            Self::BrokenPipe => ExitCode::from(141),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Check(text) | Self::Input(text) => f.write_str(text),
            Self::BrokenPipe => f.write_str("the reader of the output went away"),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe { Self::BrokenPipe } else { Self::input(error) }
    }
}

macro_rules! input_errors {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::input(with_sources(&error))
            }
        })+
    };
}

input_errors!(
    daybook_store::ReadError,
    daybook_store::AppendError,
    daybook_store::CloseError,
    daybook_intake::import::SupersedeError,
    daybook_event::Overflow,
    daybook_replay::ExplainError,
    serde_json::Error,
);

impl From<daybook_store::OpenError> for Failure {
    fn from(error: daybook_store::OpenError) -> Self {
        let text = with_sources(&error);
        Self::Input(error.disk_trouble().map_or_else(|| text.clone(), |trouble| format!("{text}; {trouble}")))
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => Self::Input(format!("cannot write CSV: {other:?}")),
        }
    }
}

impl From<crate::generate::GenerateError> for Failure {
    fn from(error: crate::generate::GenerateError) -> Self {
        match error {
            crate::generate::GenerateError::Write(error) => error.into(),
            other => Self::input(other),
        }
    }
}

/// The error's line and those of its sources: each error prints its own line only.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let line = inner.to_string();
        if !text.contains(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        source = inner.source();
    }
    text
}

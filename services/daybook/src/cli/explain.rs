//! The arguments of `daybook explain`.

use super::{FormatArgument, WindowArguments, date, month};
use clap::{ArgGroup, Args};
use daybook_event::{EventId, EventRef, Month, NaiveDate, PartnerId, SourceId};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("figure").required(true))]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// The rule book.
    #[arg(long, default_value = "current")]
    pub(crate) book: String,
    /// The partner.
    #[arg(long, value_parser = PartnerId::parse)]
    pub(crate) partner: PartnerId,
    /// The earning month: what it earned, and what did not earn, why not, and the smallest change that would have.
    #[arg(long, value_parser = month, group = "figure")]
    pub(crate) month: Option<Month>,
    /// Only this lever of the month.
    #[arg(long, requires = "month")]
    pub(crate) lever: Option<String>,
    /// The co-op lot, by earning period, such as FY22H1.
    #[arg(long, group = "figure", value_name = "PERIOD")]
    pub(crate) lot: Option<String>,
    /// The claim: each step, check by check.
    #[arg(long, group = "figure", value_name = "ID")]
    pub(crate) claim: Option<String>,
    /// Where the partner stands on a date, gate by gate.
    #[arg(long, group = "figure", value_name = "DATE", value_parser = date)]
    pub(crate) standing: Option<NaiveDate>,
    /// The payout of a month.
    #[arg(long, group = "figure", value_name = "MONTH", value_parser = month)]
    pub(crate) payout: Option<Month>,
    /// An event, as SOURCE/ID: the figures that it is part of.
    #[arg(long, group = "figure", value_name = "SOURCE/ID", value_parser = event)]
    pub(crate) event: Option<EventRef>,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

fn event(text: &str) -> Result<EventRef, String> {
    let wrong = || "an event is written SOURCE/ID, such as contoso/s-1001".to_owned();
    let (source, event_id) = text.split_once('/').ok_or_else(wrong)?;
    let source = SourceId::parse(source).map_err(|fault| format!("the source {fault}"))?;
    let event_id = EventId::parse(event_id).map_err(|fault| format!("the event id {fault}"))?;
    Ok(EventRef { source, event_id })
}

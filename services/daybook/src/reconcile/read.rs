//! Their files as rows that can be matched, and whatever of them cannot.

use super::levers::Levers;
use crate::cli::{DatedBy, ReconcileArguments};
use crate::failure::Failure;
use daybook_event::{Currency, Exact, Month, PartnerId};
use daybook_intake::import::{EarningItem, EarningLine, EarningsFile, PartnerMap, earnings};
use daybook_replay::{EarningPart, TheirRow};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the files say.
#[derive(Default)]
pub(super) struct Theirs {
    /// Rows by partner, in order of the files.
    pub(super) rows: BTreeMap<PartnerId, Vec<TheirRow>>,
    pub(super) files: Vec<FileRead>,
    pub(super) set_aside: Vec<SetAside>,
    /// Every partner and every month that a row other than those names, also where others are asked for.
    pub(super) partners_named: BTreeSet<PartnerId>,
    pub(super) months_named: BTreeSet<Month>,
    pub(super) faults: Vec<FaultyLine>,
    /// Names of levers that no lever of ours is known for, with how many rows.
    pub(super) levers_unknown: BTreeMap<String, usize>,
}

/// One file.
#[derive(Serialize)]
pub(super) struct FileRead {
    file: String,
    sha256: String,
    rows: usize,
    /// Columns that nothing here needs.
    columns_ignored: Vec<String>,
}

/// A row that can be read and is no earning of its own.
#[derive(Serialize)]
pub(super) struct SetAside {
    file: String,
    line: u64,
    why: &'static str,
    earning_id: String,
    partner_id: PartnerId,
    month: Month,
    earned: Exact,
}

/// A row that cannot be read.
#[derive(Serialize)]
pub(super) struct FaultyLine {
    file: String,
    line: u64,
    code: String,
    detail: String,
}

/// How rows are understood.
pub(super) struct Reading<'a> {
    pub(super) arguments: &'a ReconcileArguments,
    pub(super) partner_map: PartnerMap,
    pub(super) levers: Levers,
}

impl Reading<'_> {
    /// Reads every file in order.
    pub(super) fn files(&self) -> Result<Theirs, Failure> {
        let mut theirs = Theirs::default();
        let mut known: BTreeMap<EarningLine, ()> = BTreeMap::new();
        for (number, path) in self.arguments.files.iter().enumerate() {
            let file = read(path)?;
            let name = path.display().to_string();
            for item in file.items {
                match item {
                    EarningItem::Faulty { line, reason, detail } => {
                        let code = reason.code().to_owned();
                        theirs.faults.push(FaultyLine { file: name.clone(), line, code, detail });
                    }
                    EarningItem::Line { line, earning } => {
                        // Exports of overlapping times have the same row twice. Without an id it may be two sales.
                        let is_known = !earning.earning_id.is_empty() && known.contains_key(earning.as_ref());
                        self.take(&mut theirs, (number, line), &name, &earning, is_known);
                        known.insert(*earning, ());
                    }
                }
            }
            theirs.files.push(FileRead {
                file: name,
                sha256: hex::encode(file.file_sha256),
                rows: theirs.rows.values().flatten().filter(|row| row.at.0 == number).count(),
                columns_ignored: file.columns_ignored,
            });
        }
        Ok(theirs)
    }

    fn take(&self, theirs: &mut Theirs, at: (usize, u64), file: &str, earning: &EarningLine, is_known: bool) {
        let fault = |code: &str, detail: String| FaultyLine {
            file: file.to_owned(),
            line: at.1,
            code: code.to_owned(),
            detail,
        };
        let partner_id = match self.partner(earning) {
            Ok(partner_id) => partner_id,
            Err(detail) => return theirs.faults.push(fault("partner_unknown", detail)),
        };
        // A rollover moves co-op that was earned before: into another period, or to rebate. It earns nothing.
        let is_rollover = key(&earning.reason).contains("rollover");
        if self.arguments.partner.as_ref().is_some_and(|only| *only != partner_id) {
            theirs.months_named.extend(self.month(earning).filter(|_| !is_rollover));
            theirs.partners_named.extend(Some(partner_id).filter(|_| !is_rollover));
            return;
        }
        let row = match self.row(at, partner_id, earning) {
            Ok(row) => row,
            Err(detail) => return theirs.faults.push(fault("amount_invalid", detail)),
        };
        if (is_known || is_rollover) && !self.is_asked_for(row.month) {
            return;
        }
        if is_known || is_rollover {
            return theirs.set_aside.push(SetAside {
                file: file.to_owned(),
                line: at.1,
                why: if is_known { "repeated" } else { "rollover" },
                earning_id: row.earning_id,
                partner_id: row.partner_id,
                month: row.month,
                earned: row.earned,
            });
        }
        if self.is_asked_for(row.month) && row.lever.is_none() && !row.is_adjustment && row.part != EarningPart::Other {
            *theirs.levers_unknown.entry(row.lever_named.clone()).or_default() += 1;
        }
        theirs.months_named.insert(row.month);
        theirs.partners_named.insert(row.partner_id.clone());
        theirs.rows.entry(row.partner_id.clone()).or_default().push(row);
    }

    fn is_asked_for(&self, month: Month) -> bool {
        self.arguments.month.is_none_or(|only| only == month)
    }

    /// The partner by the map, or the id as it stands.
    fn partner(&self, earning: &EarningLine) -> Result<PartnerId, String> {
        if let Some(partner_id) = self.partner_map.of_mpn(&earning.participant_id) {
            return Ok(partner_id.clone());
        }
        PartnerId::parse(&earning.participant_id).map_err(|fault| {
            format!("participantId {:?} {fault}: name its partner in --partner-map", earning.participant_id)
        })
    }

    fn month(&self, earning: &EarningLine) -> Option<Month> {
        let dates = match self.arguments.dated_by {
            DatedBy::Earning => [earning.earned_on, earning.transacted_on],
            DatedBy::Transaction => [earning.transacted_on, earning.earned_on],
        };
        dates.into_iter().flatten().next().map(Month::of)
    }

    fn row(&self, at: (usize, u64), partner_id: PartnerId, earning: &EarningLine) -> Result<TheirRow, String> {
        let month = self.month(earning).ok_or("neither earningDate nor transactionDate")?;
        let names_a_sale = !earning.subscription_id.is_empty() || !earning.customer_id.is_empty();
        // A row of nothing with a reason says why a sale earned nothing; any other reason is that of an adjustment.
        let refuses = earning.earned_usd.is_zero() && names_a_sale;
        let is_adjustment = key(&earning.earning_type).contains("adjust") || (!earning.reason.is_empty() && !refuses);
        Ok(TheirRow {
            at,
            earning_id: earning.earning_id.clone(),
            partner_id,
            month,
            lever: self.levers.ours(&earning.lever),
            lever_named: earning.lever.clone(),
            part: part(&earning.earning_type),
            customer_id: earning.customer_id.clone(),
            subscription_id: earning.subscription_id.clone(),
            product_id: earning.product_id.clone(),
            product_name: earning.product_name.clone(),
            transaction_id: earning.transaction_id.clone(),
            transacted_on: earning.transacted_on,
            transaction: earning.transaction,
            base: base(earning)?,
            earned: earning.earned_usd,
            reason: earning.reason.clone(),
            is_adjustment,
        })
    }
}

/// The part by the name of the type; an adjustment that names none is money, so rebate.
fn part(earning_type: &str) -> EarningPart {
    let name = key(earning_type);
    if name.contains("coop") {
        EarningPart::Coop
    } else if name.contains("rebate") || name.contains("adjust") {
        EarningPart::Rebate
    } else {
        EarningPart::Other
    }
}

/// What was sold for in dollars: as the file says, or by its own exchange rate.
fn base(earning: &EarningLine) -> Result<Option<Exact>, String> {
    match (earning.transaction_usd, earning.transaction, earning.exchange_rate) {
        (Some(dollars), ..) => Ok(Some(dollars)),
        (None, Some((amount, currency)), _) if currency == Currency::USD => Ok(Some(amount.exact())),
        (None, Some((amount, _)), Some(rate)) => amount.convert(rate).map(Some).map_err(|error| error.to_string()),
        _ => Ok(None),
    }
}

fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn read(path: &Path) -> Result<EarningsFile, Failure> {
    let cannot = |why: String| Failure::Input(format!("cannot read {}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| cannot(error.to_string()))?;
    earnings(file).map_err(|error| cannot(crate::failure::with_sources(&error)))
}

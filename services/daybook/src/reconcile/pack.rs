//! The dispute pack: what somebody sends to whoever pays, a folder with one file per partner.

use super::Report;
use super::our_month::OurMonth;
use crate::failure::Failure;
use crate::window::Window;
use daybook_event::{Exact, PartnerId};
use daybook_replay::{Replayed, Variance, VarianceClass};
use daybook_rules::model::RuleBook;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// What a pack is written over must be nothing: an older one beside it would be sent too.
pub(super) fn check(folder: &Path) -> Result<(), Failure> {
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Failure::Input(format!("the folder {} is not empty: name a new one", folder.display()))),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::Input(format!("cannot write to {}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// What a pack is made of.
pub(super) struct Pack<'a> {
    pub(super) report: &'a Report,
    pub(super) window: &'a Window,
    pub(super) book: &'a RuleBook,
    pub(super) replayed: &'a Replayed,
}

impl Pack<'_> {
    /// Writes the pack: `summary.json`, `variances.csv`, and of each partner with a dispute its own page.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let report = self.report;
        let cannot = |error: std::io::Error| Failure::Input(format!("cannot write to {}: {error}", folder.display()));
        let partners = folder.join("partners");
        std::fs::create_dir_all(&partners).map_err(cannot)?;
        let summary = serde_json::to_string_pretty(report)? + "\n";
        std::fs::write(folder.join("summary.json"), summary).map_err(cannot)?;
        std::fs::write(folder.join("variances.csv"), csv_of(&report.reconciliation.variances)?).map_err(cannot)?;
        let disputed = report.reconciliation.variances.iter().filter(|variance| variance.class.is_disputed());
        for partner_id in disputed.map(|variance| &variance.partner_id).collect::<BTreeSet<_>>() {
            std::fs::write(partners.join(format!("{partner_id}.md")), self.page(partner_id)?).map_err(cannot)?;
        }
        Ok(())
    }

    /// One partner's page: both totals, each class with its lines and what to ask, and how we come to our figures.
    fn page(&self, partner_id: &PartnerId) -> Result<String, Failure> {
        let all = &self.report.reconciliation;
        let mut text =
            format!("# Dispute of partner {partner_id}\n\nAmounts are in USD. A variance is theirs less ours.\n\n");
        text.push_str("| month | theirs | ours | variance |\n|---|---|---|---|\n");
        for month in all.months.iter().filter(|month| month.partner_id == *partner_id) {
            let _ = writeln!(text, "| {} | {} | {} | {} |", month.month, month.theirs, month.ours, month.variance);
        }
        let of_partner: Vec<&Variance> =
            all.variances.iter().filter(|variance| variance.partner_id == *partner_id).collect();
        for class in VarianceClass::ALL.into_iter().filter(|class| class.is_disputed()) {
            let of_class: Vec<&&Variance> = of_partner.iter().filter(|variance| variance.class == class).collect();
            if !of_class.is_empty() {
                section(&mut text, class, &of_class)?;
            }
        }
        text.push_str("\n## How we come to our figures\n");
        let disputed = of_partner.iter().filter(|variance| variance.class.is_disputed());
        for month in disputed.map(|variance| variance.month).collect::<BTreeSet<_>>() {
            OurMonth::of(self, partner_id, month)?.write(&mut text);
        }
        Ok(text)
    }
}

const COLUMNS: [&str; 12] = [
    "partner_id",
    "month",
    "class",
    "rebate",
    "coop",
    "lever",
    "customer_id",
    "subscription_id",
    "product",
    "event",
    "earning_ids",
    "note",
];

fn csv_of(variances: &[Variance]) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for of in variances {
        writer.write_record([
            of.partner_id.as_str(),
            &of.month.to_string(),
            of.class.as_str(),
            &of.rebate.to_string(),
            &of.coop.to_string(),
            &of.lever,
            &of.customer_id,
            &of.subscription_id,
            &of.product,
            &of.event,
            &of.earning_ids.join(" "),
            &of.note,
        ])?;
    }
    writer.into_inner().map_err(|error| Failure::input(error.error()))
}

fn section(text: &mut String, class: VarianceClass, variances: &[&&Variance]) -> Result<(), Failure> {
    let sum = variances.iter().try_fold(Exact::ZERO, |sum, of| sum.plus(of.rebate)?.plus(of.coop))?;
    let _ = writeln!(text, "\n## {class}: {sum}\n\nTo ask: {}\n", class.question());
    text.push_str("| month | rebate | co-op | lever | customer | subscription | product | our event | their earnings | both sides |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    for of in variances {
        let cells = [
            of.month.to_string(),
            of.rebate.to_string(),
            of.coop.to_string(),
            of.lever.clone(),
            of.customer_id.clone(),
            of.subscription_id.clone(),
            of.product.clone(),
            of.event.clone(),
            of.earning_ids.join(", "),
            of.note.clone(),
        ];
        let _ = writeln!(text, "| {} |", cells.map(|cell| in_cell(&cell)).join(" | "));
    }
    Ok(())
}

/// Text of others in a table's cell.
pub(super) fn in_cell(text: &str) -> String {
    text.replace('|', "\\|").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

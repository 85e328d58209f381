//! What the histories reached: a rule that no history exercises is not compared at all.

use super::reached::{self, Reached};
use daybook_tests::model::generate::Case;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How often each outcome was seen.
#[derive(Default)]
pub(crate) struct Coverage(BTreeMap<String, u64>);

/// What enough histories must reach, of every kind of row.
const OUTCOMES: &str = "\
    standing:invited standing:enrolled standing:offboarded cause:entry_gates cause:ttm_revenue \
    lot:open lot:usable lot:converted lot:none lot:forfeited lot:available lot:reserved lot:overdrawn lot:negative \
    claim:submitted claim:refused claim:action_required claim:rejected claim:disputed claim:approved claim:paid \
    claim:withdrawn refused:NO_LOT refused:LATE refused:EARLY refused:OUTSIDE_USAGE refused:NOT_APPROVED_ACTIVITY \
    refused:NOT_POSITIVE refused:NOFX refused:OVER_LIMIT refused:OVER_BALANCE \
    bucket:earning bucket:unmatched bucket:provisional_noterms bucket:unconverted \
    code:CUSEQPTR code:IVDMPN code:IVDMPA code:IVDCOMP code:TTMREV code:INVNOTACC code:TOOLNOTREG code:TAXMISSING \
    code:BANKMISSING code:POINTS code:NOT_ENROLLED \
    provisional:NOFX provisional:NOTERMS \
    payout:paid payout:forfeited payout:carried_out payout:owed payout:converted payout:true_up \
    posting:negative posting:credited \
    finding:BILLED_TWICE finding:CREDIT_TARGET_UNKNOWN finding:CREDIT_CYCLE finding:CREDIT_OF_REVERSED \
    finding:CREDIT_OTHER_CURRENCY finding:CREDIT_ABOVE_LINE finding:REVERSAL_TARGET_UNKNOWN \
    finding:REVERSAL_OF_REVERSAL finding:CLAIM_STEP_IGNORED finding:CLAIM_NOFX finding:CLAIM_OVERDRAWN \
    finding:ADJUSTMENT_NOFX finding:OPENING_IGNORED finding:SOURCE_NOT_NAMED \
    true_up:manual true_up:late_event true_up:credit true_up:correction true_up:reversal true_up:exchange_rate \
    true_up:terms true_up:engine true_up:pinned finding:CLOSE_IGNORED finding:CLOSE_NOT_REVERSIBLE finding:OPENING_OF_CLOSED_MONTH \
    finding:STATEMENT_UNREADABLE \
    edge:revenue_hit edge:revenue_missed_by_a_cent edge:coop_hit edge:coop_missed_by_a_cent edge:minimum_hit";

impl Coverage {
    /// Takes in the rows of one history.
    pub(crate) fn note(&mut self, case: &Case, figures: &Value) {
        for (partner_id, rows) in figures.as_object().expect("partners") {
            let of = |view: &str| rows[view].as_array().cloned().unwrap_or_default();
            Reached { case, partner_id, coverage: self }.note(rows);
            of("standing").iter().for_each(|row| self.standing(row));
            of("lots").iter().for_each(|row| self.lot(row));
            of("conservation").iter().for_each(|row| self.month(row));
            of("payouts").iter().for_each(|row| self.payout(row));
            for row in of("claims") {
                self.see("claim", text(&row, "state"));
                self.see("refused", text(&row, "refused"));
            }
            of("provisional").iter().for_each(|row| self.see("provisional", text(row, "why")));
            of("findings").iter().for_each(|row| self.see("finding", text(row, "code")));
            let booked = of("true_ups");
            // What is booked for closed months in several months was pinned in all but the last.
            let found: BTreeSet<&str> =
                booked.iter().filter(|row| row["cause"] != "manual").map(|row| text(row, "month")).collect();
            self.see_if(found.len() > 1, "true_up:pinned");
            for row in booked {
                self.see("true_up", text(&row, "cause").split(':').next().unwrap_or_default());
            }
            for row in of("postings") {
                self.see_if(text(&row, "earned").starts_with('-'), "posting:negative");
                self.see_if(text(&row, "base") == "0.00", "posting:credited");
            }
        }
    }

    /// Takes in what others reached.
    pub(crate) fn add(&mut self, other: Self) {
        for (outcome, count) in other.0 {
            *self.0.entry(outcome).or_default() += count;
        }
    }

    fn see(&mut self, kind: &str, what: &str) {
        *self.0.entry(format!("{kind}:{what}")).or_default() += 1;
    }

    pub(super) fn see_if(&mut self, holds: bool, outcome: &str) {
        if holds {
            *self.0.entry(outcome.to_owned()).or_default() += 1;
        }
    }

    fn standing(&mut self, row: &Value) {
        self.see("standing", text(row, "state"));
        self.see("cause", text(row, "cause"));
        let (measured, required) = (text(row, "measured"), text(row, "required"));
        self.see_if(!measured.is_empty() && measured == required, "edge:revenue_hit");
        let cent_less = ["999.99", "4999.99", "24999.99"].contains(&measured);
        self.see_if(cent_less, "edge:revenue_missed_by_a_cent");
    }

    fn lot(&mut self, row: &Value) {
        let state = text(row, "state");
        self.see("lot", state);
        for part in ["forfeited", "available", "reserved", "overdrawn"] {
            self.see_if(!is_nothing(text(row, part)), &format!("lot:{part}"));
        }
        let accrued = text(row, "accrued");
        self.see_if(accrued.starts_with('-'), "lot:negative");
        self.see_if(state == "usable" && ["4000.00", "10000.00"].contains(&accrued), "edge:coop_hit");
        let cent_less = ["3999.99", "9999.99"].contains(&accrued);
        self.see_if(state == "converted" && cent_less, "edge:coop_missed_by_a_cent");
    }

    fn month(&mut self, row: &Value) {
        for bucket in ["earning", "unmatched", "capped", "provisional_noterms"] {
            self.see_if(!is_nothing(text(row, bucket)), &format!("bucket:{bucket}"));
        }
        self.see_if(row["unconverted"].as_array().is_some_and(|sums| !sums.is_empty()), "bucket:unconverted");
        for code in row["ineligible"].as_object().expect("codes").keys() {
            self.see("code", code);
        }
    }

    fn payout(&mut self, row: &Value) {
        for part in ["paid", "held", "forfeited", "carried_out", "converted", "true_up"] {
            self.see_if(!is_nothing(text(row, part)), &format!("payout:{part}"));
        }
        self.see_if(text(row, "carried_out").starts_with('-'), "payout:owed");
        self.see_if(text(row, "paid") == "200.00", "edge:minimum_hit");
    }

    /// The outcomes that no history reached.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let all = OUTCOMES.split_whitespace().chain(reached::OUTCOMES.split_whitespace());
        all.filter(|outcome| !self.0.contains_key(*outcome)).collect()
    }

    /// Every outcome with its count, for `--nocapture`.
    pub(crate) fn text(&self) -> String {
        let counts: Vec<String> = self.0.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
        counts.join(", ")
    }
}

pub(super) fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

pub(super) fn is_nothing(amount: &str) -> bool {
    amount == "0.00"
}

//! All sections together: every row of every partner, in the shape of `daybook views`.

use super::claims::Desk;
use super::facts::{Partner, World};
use chrono::NaiveDate;
use daybook_event::Envelope;
use daybook_rules::model::RuleBook;
use serde_json::{Map, Value, json};

/// The rows of each partner, and the findings on facts of no partner under the empty name.
pub fn figures(book: &RuleBook, through: NaiveDate, arrived: &[Envelope]) -> Value {
    let world = World::new(book, through, arrived);
    let mut all = Map::new();
    for id in world.partner_ids() {
        all.insert(id.to_string(), figures_of(&Partner::new(&world, id)));
    }
    all.insert(String::new(), json!({ "findings": world.findings(Vec::new()) }));
    Value::Object(all)
}

/// The rows of a partner of whom nothing is closed.
pub fn figures_of(partner: &Partner<'_>) -> Value {
    let standing = partner.standing();
    let accrual = partner.accrual(&standing);
    let (true_ups, unconverted) = partner.true_ups();
    let lots = partner.lots(&accrual.postings, &true_ups);
    let payouts = partner.payouts(&accrual.postings, &true_ups, &lots);
    let desk = Desk::new(partner, lots);
    let mut provisional = accrual.provisional;
    provisional.extend(unconverted.iter().map(|(_, month)| (month.to_string(), "NOFX".to_owned())));
    let flag = |(month, why): (String, String)| json!({ "partner_id": partner.id, "month": month, "why": why });
    let provisional: Vec<Value> = provisional.into_iter().map(flag).collect();
    let unconverted: Vec<String> = unconverted.into_iter().map(|(event, _)| event).collect();
    json!({
        "standing": standing.rows,
        "postings": accrual.postings.iter().map(|posting| &posting.row).collect::<Vec<_>>(),
        "lots": desk.lot_rows(),
        "claims": desk.claim_rows(),
        "true_ups": true_ups.iter().map(|true_up| partner.true_up_row(true_up)).collect::<Vec<_>>(),
        "payouts": payouts,
        "conservation": accrual.conservation,
        "provisional": provisional,
        "findings": partner.findings(&desk, &unconverted, Vec::new()),
    })
}

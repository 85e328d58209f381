//! A refused claim is accepted with the change that its explanation names, and not with a cent more or a day off.

use super::refold::{Otherwise, fact};
use super::{Case, every_case, list, text};
use daybook_event::{Amount, CoopClaim, NaiveDate, date_parse};
use daybook_tests::model::number::Num;
use daybook_views::rows::ClaimRow;
use daybook_views::{Fact, FactKind, Line};
use serde_json::Value;

/// The submission with all fields as the needs want them, or with one of them not quite.
fn changed(case: &Case<'_>, needs: &[Value], less: Option<usize>) -> Fact {
    let facts = case.histories.partner(&case.partner_id).unwrap().facts();
    let own = facts.iter().find(|fact| fact.id.to_string() == text(&needs[0], "event")).unwrap();
    let FactKind::Claim(claim) = &own.kind else { panic!("{} is no claim", own.id) };
    let (mut claim, mut on) = (claim.clone(), own.effective_on);
    for (at, need) in needs.iter().enumerate() {
        let field = text(need, "field");
        let wants = if less == Some(at) { worse(need) } else { text(need, "wants").to_owned() };
        set(&mut claim, &mut on, field, &wants, case);
    }
    Fact { effective_on: on, kind: FactKind::Claim(claim), ..own.clone() }
}

fn set(claim: &mut CoopClaim, on: &mut NaiveDate, field: &str, wants: &str, case: &Case<'_>) {
    match field {
        "submitted_on" => *on = date_parse(wants).unwrap(),
        "activity_start" => claim.activity_start = date_parse(wants),
        "activity_end" => claim.activity_end = date_parse(wants),
        "activity" => wants.clone_into(&mut claim.activity),
        "amount" => {
            claim.amount = Amount::parse(wants).ok();
            claim.currency = Some(case.book.sets[0].currency);
        }
        other => panic!("{other:?} is no field of a submission"),
    }
}

/// A day or a cent back towards what it was.
fn worse(need: &Value) -> String {
    let (has, wants) = (text(need, "has"), text(need, "wants"));
    match (date_parse(has), date_parse(wants)) {
        (Some(has), Some(wants)) if has < wants => wants.pred_opt().unwrap().to_string(),
        (Some(_), Some(wants)) => wants.succ_opt().unwrap().to_string(),
        (None, Some(_)) => String::new(),
        _ if need["field"] == "amount" => {
            let cent = Num::parse("0.01");
            let is_less = has.is_empty() || Num::parse(has) < Num::parse(wants);
            let wants = Num::parse(wants);
            if is_less { wants.minus(cent) } else { wants.plus(cent) }.to_string()
        }
        _ => has.to_owned(),
    }
}

fn claim_with(case: &Case<'_>, claim_id: &str, facts: &[Fact]) -> ClaimRow {
    let through = facts.iter().map(|fact| fact.effective_on).max().unwrap_or(case.through).max(case.through);
    let otherwise = Otherwise { through, ..Otherwise::new(case, facts) };
    otherwise.rows().claims.into_iter().find(|row| row.claim_id == claim_id).unwrap()
}

#[test]
fn a_refused_claim_is_accepted_with_the_change_and_not_with_a_cent_more() {
    let (mut fields, mut without) = (std::collections::BTreeSet::new(), Vec::new());
    every_case(|case| {
        for told in case.claims().iter().filter(|told| told.json["refused"] != "") {
            let (what, change) = (format!("{} {}", case.name, told.asked), &told.json["smallest_change"]);
            if change.is_null() || list(change, "needs").iter().any(|need| need["kind"] != "submission") {
                without.push(format!("{what} {}: {change}", text(&told.json, "refused")));
                continue;
            }
            let needs = list(change, "needs");
            let with = claim_with(case, &told.asked, &[changed(case, needs, None)]);
            assert_eq!(with.refused, "", "{what}: {change}");
            for at in 0..needs.len() {
                let less = claim_with(case, &told.asked, &[changed(case, needs, Some(at))]);
                assert_ne!(less.refused, "", "{what}: less than {} is enough", needs[at]);
                fields.insert(text(&needs[at], "field").to_owned());
            }
        }
    });
    println!("fields {fields:?}; no change of the submission for:\n{}", without.join("\n"));
    for field in ["submitted_on", "activity_end", "activity", "amount"] {
        assert!(fields.contains(field), "no situation needs another {field}: {fields:?}");
    }
}

/// A line that no lever matches earns once it has what the nearest lever takes.
#[test]
fn an_unmatched_line_earns_with_what_the_nearest_lever_takes() {
    let mut tried = 0;
    every_case(|case| {
        for month in case.months() {
            for near in list(&month.json, "not_earning").iter().flat_map(|bucket| list(bucket, "nearest")) {
                let what = format!("{} {}: {near}", case.name, month.asked);
                assert!(!list(near, "misses").is_empty() && !list(near, "rules").is_empty(), "{what}");
                let Some(line) = with_what_is_asked(case, near) else { continue };
                let bucket = Otherwise::new(case, &line).bucket(text(near, "event"));
                assert_eq!(bucket, Some(daybook_views::Bucket::Earning), "{what}");
                tried += 1;
            }
        }
    });
    assert!(tried >= 2, "only {tried} lines tried");
}

/// The line with the attributes that its explanation asks for; none where it says that nothing tried would do.
fn with_what_is_asked(case: &Case<'_>, near: &Value) -> Option<Vec<Fact>> {
    let needs = near["smallest_change"]["needs"].as_array()?;
    let facts = case.histories.partner(&case.partner_id).unwrap().facts();
    let own = facts.iter().find(|fact| fact.id.to_string() == text(near, "event"))?;
    let mut line = own.line()?.clone();
    let mut further = Vec::new();
    for (number, need) in needs.iter().enumerate() {
        if need["kind"] == "customer_revenue" {
            let (amount, currency) = (Amount::parse(text(need, "amount")).unwrap(), case.book.sets[0].currency);
            let kind = FactKind::Line(Line { amount, currency, credits: None, ..line.clone() });
            further.push(fact(number, own.effective_on, kind));
            continue;
        }
        let wants = text(need, "wants").split(',').next()?;
        match text(need, "attribute") {
            "product_group" => {
                let set = case.book.set_on_or_first(own.effective_on);
                line.product = super::smallest::product(set, &[Value::String(wants.to_owned())]);
            }
            "segment" => line.segment = daybook_event::Segment::parse(wants),
            "charge_type" => wants.clone_into(&mut line.charge_type),
            "new_customer" => "C-WHAT-IF".clone_into(&mut line.customer_id),
            other => panic!("{other:?} is no attribute of a line"),
        }
    }
    further.push(Fact { kind: FactKind::Line(line), ..own.clone() });
    Some(further)
}

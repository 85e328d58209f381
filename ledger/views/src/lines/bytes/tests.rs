use super::*;
use crate::fact::FactKind;
use crate::history::{PartnerHistory, Reversals};
use crate::lines::tests::{any_facts, fact, reversals_of};
use crate::lines::{ColumnsBuilder, ColumnsSum, LineClass};
use crate::{Exam, Fact, PinnedRecord};
use chrono::NaiveDate;
use daybook_event::{
    Amount, ClaimState, CoopClaim, Currency, ManualAdjustment, Month, Opening, PartnerStanding, Position, Product,
    StandingValue,
};
use proptest::prelude::*;

fn numbers(classes: &LineClasses) -> Vec<u32> {
    (0..u32::try_from(classes.all().len()).unwrap()).collect()
}

/// What bytes hold, cold columns included.
fn read(bytes: &ColumnsBytes, classes: &LineClasses) -> Result<PartnerColumns, LinesError> {
    let cold = bytes.cold.clone();
    let columns = PartnerColumns::from_bytes(&bytes.hot, move || Ok(cold.clone()), &numbers(classes), classes)?;
    columns.lines.cold()?;
    Ok(columns)
}

fn columns_of(facts: Vec<Fact>, reversals: Reversals) -> (PartnerColumns, LineClasses) {
    let mut classes = LineClasses::default();
    let columns = PartnerColumns::of(&PartnerHistory::new(facts, reversals), &mut classes).unwrap();
    (columns, classes)
}

/// One fact of each kind that is no line.
fn every_other() -> Vec<Fact> {
    let on = NaiveDate::from_ymd_opt(2021, 3, 1);
    let (amount, month) = (Amount::parse("-999999999999.5").unwrap(), Month::parse("2021-03").unwrap());
    let standing = |value| FactKind::Standing(PartnerStanding { fact: "a:b:c".to_owned(), value });
    let claim = |amount, currency| CoopClaim {
        claim_id: "c-1".to_owned(),
        state: ClaimState::ActionRequired,
        activity: "fair".to_owned(),
        activity_start: on,
        activity_end: None,
        amount,
        currency,
        evidence: "\u{fc}\u{df}".to_owned(),
    };
    let kinds = [
        standing(StandingValue::Held),
        standing(StandingValue::Lapsed),
        standing(StandingValue::Number(amount)),
        FactKind::Certification(Exam { person_id: "p".into(), competency_area: "a".into(), expires_on: on }),
        FactKind::Certification(Exam { person_id: "p".into(), competency_area: "a".into(), expires_on: None }),
        FactKind::Claim(claim(Some(amount), Some(Currency::USD))),
        FactKind::Claim(claim(None, None)),
        FactKind::Opening(Opening::CustomerSince {
            customer_id: "c".into(),
            product_group: "g".into(),
            since_on: on.unwrap(),
        }),
        FactKind::Opening(Opening::Revenue {
            customer_id: "c".into(),
            product: Product { product_id: "i".into(), sku_id: "s".into(), ..Product::default() },
            month,
            amount,
        }),
        FactKind::Opening(Opening::Lot {
            period: "FY21H2".into(),
            accrued: amount,
            state: "open".into(),
            consumed: Amount::ZERO,
        }),
        FactKind::Opening(Opening::Carry { amount }),
        FactKind::Adjustment(ManualAdjustment {
            month,
            lever: String::new(),
            rebate: amount,
            coop: Amount::ZERO,
            currency: Currency::USD,
            reason: "r".into(),
            approver: "a".into(),
        }),
    ];
    kinds.into_iter().enumerate().map(|(number, kind)| fact(100 + number, number as u64, 3, kind)).collect()
}

proptest! {
    #[test]
    fn bytes_lose_nothing(mut facts in any_facts(), reversed in 0_usize..40) {
        let reversals = facts.get(reversed).map(reversals_of).unwrap_or_default();
        facts.extend(every_other());
        let (mut columns, classes) = columns_of(facts, reversals);
        let (id, through) = (columns.others[0].id.clone(), columns.others[0].effective_on);
        let month = Month::of(through);
        columns.pinned.push(PinnedRecord { id, position: Position::new(77), month, through, rows: vec![1, 2] });
        let bytes = ColumnsBytes::of(&columns).unwrap();
        prop_assert_eq!(&read(&bytes, &classes).unwrap(), &columns);
        let known = LineClasses::from_bytes(&classes.to_bytes().unwrap()).unwrap();
        prop_assert_eq!(known.all(), classes.all());
    }

    /// Cut off or flipped anywhere: an error or other columns, which a checksum tells, and never a panic.
    #[test]
    fn damaged_bytes_never_panic(facts in any_facts(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let (columns, classes) = columns_of([facts, every_other()].concat(), Reversals::default());
        let whole = ColumnsBytes::of(&columns).unwrap();
        let cut = |bytes: &[u8]| bytes[..at.index(bytes.len())].to_vec();
        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let byte = at.index(bytes.len());
            bytes[byte] ^= 1 << bit;
            bytes
        };
        let hot_cut = ColumnsBytes { hot: cut(&whole.hot), ..whole.clone() };
        prop_assert!(read(&hot_cut, &classes).is_err());
        let cold_cut = ColumnsBytes { cold: cut(&whole.cold), ..whole.clone() };
        prop_assert!(read(&cold_cut, &classes).is_err());
        for damaged in [
            ColumnsBytes { hot: flip(&whole.hot), ..whole.clone() },
            ColumnsBytes { cold: flip(&whole.cold), ..whole.clone() },
        ] {
            if let Ok(columns) = read(&damaged, &classes) {
                let _ = columns.history(&classes).map(|history| history.facts().len());
            }
        }
        let class_bytes = classes.to_bytes().unwrap();
        prop_assert!(LineClasses::from_bytes(&cut(&class_bytes)).is_err());
        let _ = LineClasses::from_bytes(&flip(&class_bytes));
    }

    /// Gathered in one go, or in two parts with numbers of classes of their own: the same columns.
    #[test]
    fn parts_make_the_same_columns_as_the_whole(facts in any_facts(), reversed in 0_usize..40, cut in 0_usize..40, until in 0_u64..60) {
        let reversals = facts.get(reversed).map(reversals_of).unwrap_or_default();
        let all = [facts.clone(), every_other()].concat();
        let cut = cut.min(all.len());
        let until = if until > 50 { Position::new(u64::MAX) } else { Position::new(until) };
        let mut classes = LineClasses::default();
        let known: Vec<Fact> = all.iter().filter(|fact| fact.position <= until).cloned().collect();
        let whole = PartnerColumns::of(&PartnerHistory::new(known, reversals.until(until)), &mut classes).unwrap();
        let mut builder = ColumnsBuilder::default();
        for (part, reversals) in [(&all[cut..], Reversals::default()), (&all[..cut], reversals)] {
            let (columns, own) = columns_of(part.to_vec(), reversals);
            let numbers = own.all().iter().map(|class| classes.number_of(class)).collect::<Result<Vec<u32>, _>>();
            builder.append(columns, &numbers.unwrap(), until).unwrap();
        }
        let made = builder.finish(&classes).unwrap();
        prop_assert_eq!(&made, &whole);
        let sum = ColumnsSum::of(&whole, &classes).unwrap();
        prop_assert_eq!(ColumnsSum::of(&made, &classes).unwrap(), sum);
        let mut without = whole;
        if without.others.pop().is_some() {
            prop_assert_ne!(ColumnsSum::of(&without, &classes).unwrap(), sum);
        }
    }
}

#[test]
fn amounts_in_cents_take_four_bytes_and_large_ones_are_kept() {
    let sale = |number: usize, amount: &str| {
        fact(number, 0, 0, crate::lines::tests::line(crate::LineKind::Sale, 1, 1, amount, None))
    };
    let length = |amounts: [&str; 2]| {
        let (columns, classes) = columns_of(vec![sale(4, amounts[0]), sale(8, amounts[1])], Reversals::default());
        let bytes = ColumnsBytes::of(&columns).unwrap();
        assert_eq!(read(&bytes, &classes).unwrap(), columns);
        bytes.hot.len()
    };
    let cents = length(["12.50", "-21474836.48"]);
    assert_eq!(length(["12.50", "21474836.48"]), cents + 8, "one step more than four bytes hold");
    assert_eq!(length(["100.0001", "0.12345"]), cents + 8);
    assert_eq!(length(["12.50", "999999999999.999999999"]), cents + 8 + 20, "one that 64 bits do not hold");
}

#[test]
fn a_class_that_nobody_numbered_is_damage() {
    let (columns, classes) = columns_of(vec![fact(1, 0, 0, FactKind::Moneyless)], Reversals::default());
    let bytes = ColumnsBytes::of(&columns).unwrap();
    assert_eq!(classes.all(), [LineClass::Moneyless]);
    let without = PartnerColumns::from_bytes(&bytes.hot, || Ok(Vec::new()), &[], &classes);
    assert_eq!(without.unwrap_err(), LinesError::Damaged { what: "a line has no class" });
}

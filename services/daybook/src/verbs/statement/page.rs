//! A statement as one page: no script, nothing fetched, fit for paper.

use super::document::{Document, LotNow, NotEarned, Open};
use daybook_console::escaped;
use daybook_event::{Exact, Month, NaiveDate};
use daybook_views::rows::{PayoutRow, PostingRow, TrueUpRow};
use std::fmt::Write as _;

const STYLE: &str = "\
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .3rem; }
p { margin: .3rem 0; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #c8c8c8; overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid #444; }
tfoot td { border-top: 2px solid #444; font-weight: 600; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { color: #444; }
.dates { white-space: nowrap; }
.flag { border-left: .3rem solid #8a1f11; padding: .2rem .7rem; margin: .6rem 0; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } tr, .flag { break-inside: avoid; } thead { display: table-header-group; } h2 { break-after: avoid; } }
@page { size: A4; margin: 14mm; }
";

/// One cell: text, or an amount that stands to the right.
enum Cell {
    Text(String),
    Amount(String),
    /// Text with a smaller line below it.
    Noted(String, String),
    /// A first and a last day.
    Dates(NaiveDate, NaiveDate),
}

/// The page.
pub(super) fn page(document: &Document) -> String {
    let title = format!("Incentive statement {}, {}", document.month, document.partner_id);
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = write!(
        html,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<h1>{0}</h1>\n",
        escaped(&title)
    );
    state(&mut html, document);
    earned(&mut html, document);
    payout(&mut html, document.payout.as_ref());
    true_ups(&mut html, "True-ups booked in this month", "Month concerned", &document.true_ups, |row| row.closed_month);
    true_ups(&mut html, "Found after this month was closed", "Booked in", &document.booked_later, |row| row.month);
    not_earned(&mut html, &document.not_earned);
    conservation(&mut html, document);
    lots(&mut html, document);
    proof(&mut html, document);
    html.push_str("</body>\n</html>\n");
    html
}

/// Whether the figures may still change, and what they miss.
fn state(html: &mut String, document: &Document) {
    let text = match &document.proof.closing {
        Some(closing) => format!("Closed by {}: these figures never change.", named(&closing.closed_by)),
        None => open(document.proof.open),
    };
    paragraph(html, &format!("{text} Amounts are in {}.", document.currency));
    if !document.provisional.is_empty() {
        flag(html, &format!("Provisional: {}", document.provisional.join(", ")));
    }
    let overridden = document.proof.closing.as_ref().filter(|closing| !closing.override_reason.is_empty());
    if let Some(closing) = overridden {
        flag(html, &format!("Closed although a check failed: {}", closing.override_reason));
    }
}

fn open(open: Open) -> String {
    match open {
        Open::NotYet => "Open: these figures are of now and may change until the month is closed.".to_owned(),
        Open::ClosedThrough(on) => format!(
            "Not closed on this through date: the month is closed through {on}, and these are not the figures it was closed with."
        ),
        Open::BeforeFirst(first) => format!(
            "Before the first closed month, {first}: nothing of this month is pinned; what comes late of it is booked as true-ups."
        ),
    }
}

fn named(name: &str) -> &str {
    if name.is_empty() { "somebody who is not named" } else { name }
}

fn earned(html: &mut String, document: &Document) {
    let row = |row: &PostingRow| {
        vec![
            Cell::Noted(row.lever.to_string(), format!("terms {}", row.rule_set)),
            amount(row.base),
            amount(row.earned),
            amount(row.rebate),
            amount(row.coop),
        ]
    };
    let totals = &document.totals;
    let foot = vec![
        Cell::Text("Sum".to_owned()),
        Cell::Text(String::new()),
        amount(totals.earned),
        amount(totals.rebate),
        amount(totals.coop),
    ];
    let head = ["Lever", "Base", "Earned", "Rebate", "Co-op"];
    table(html, "Earned", &head, document.postings.iter().map(row).collect(), Some(foot));
}

fn payout(html: &mut String, payout: Option<&PayoutRow>) {
    let Some(row) = payout else { return };
    let lines = [
        ("Rebate of the month", row.rebate),
        ("Co-op turned into rebate", row.converted),
        ("True-ups", row.true_up),
        ("Carried in", row.carried_in),
        ("Paid", row.paid),
        ("Held until tax and bank data are there", row.held),
        ("Forfeited", row.forfeited),
        ("Carried to the next month", row.carried_out),
    ];
    let shown = lines.iter().filter(|(name, sum)| !sum.is_zero() || matches!(*name, "Paid" | "Rebate of the month"));
    let rows = shown.map(|(name, sum)| vec![Cell::Text((*name).to_owned()), amount(*sum)]).collect();
    table(html, &format!("Payout, due {}", row.due_on), &["Part", "Amount"], rows, None);
}

fn true_ups(html: &mut String, title: &str, other_month: &str, all: &[TrueUpRow], month: impl Fn(&TrueUpRow) -> Month) {
    let row = |row: &TrueUpRow| {
        vec![
            Cell::Text(row.cause.to_string()),
            Cell::Text(month(row).to_string()),
            Cell::Text(row.lever.to_string()),
            amount(row.rebate),
            amount(row.coop),
        ]
    };
    let head = ["Cause", other_month, "Lever", "Rebate", "Co-op"];
    table(html, title, &head, all.iter().map(row).collect(), None);
}

fn not_earned(html: &mut String, all: &[NotEarned]) {
    let row = |line: &NotEarned| {
        vec![
            Cell::Text(line.code.clone()),
            Cell::Amount(format!("{} {}", line.amount, line.currency).trim_end().to_owned()),
            Cell::Noted(line.why.clone(), line.what_to_do.clone()),
        ]
    };
    let head = ["Code", "Billed", "Why, and what to do"];
    table(html, "Billed, and not earning", &head, all.iter().map(row).collect(), None);
}

fn conservation(html: &mut String, document: &Document) {
    let Some(row) = &document.conservation else { return };
    let mut parts = vec![("Earning".to_owned(), row.earning)];
    parts.extend(row.ineligible.iter().map(|(code, sum)| (format!("Not eligible: {code}"), *sum)));
    parts.extend([
        ("Unmatched".to_owned(), row.unmatched),
        ("Capped".to_owned(), row.capped),
        ("Before the first terms".to_owned(), row.provisional_noterms),
    ]);
    parts.retain(|(name, sum)| !sum.is_zero() || name == "Earning");
    let rows = parts.into_iter().map(|(name, sum)| vec![Cell::Text(name), amount(sum)]).collect();
    let foot = vec![Cell::Text("Billed".to_owned()), amount(row.billed)];
    table(html, "Where everything billed went", &["Part", "Amount"], rows, Some(foot));
}

fn lots(html: &mut String, document: &Document) {
    let row = |lot: &LotNow| {
        vec![
            Cell::Text(lot.row.period.to_string()),
            Cell::Text(lot.row.state.to_string()),
            amount(lot.row.accrued),
            amount(lot.row.overdrawn),
            amount(lot.row.converted),
            amount(lot.row.consumed),
            amount(lot.row.reserved),
            amount(lot.row.available),
            amount(lot.row.forfeited),
            dates(lot.use_from, lot.use_until),
            dates(lot.claim_from, lot.claim_until),
        ]
    };
    if let Some(lot) = &document.lot {
        let rows = vec![vec![
            Cell::Text(lot.period.to_string()),
            amount(lot.accrued),
            Cell::Text(lot.state.to_string()),
            amount(lot.converted),
        ]];
        let title = "Co-op of the earning period that ended with this month";
        table(html, title, &["Period", "Accrued", "Outcome", "Turned into rebate"], rows, None);
    }
    let head = [
        "Period",
        "State",
        "Accrued",
        "Overdrawn",
        "Converted",
        "Consumed",
        "Reserved",
        "Available",
        "Forfeited",
        "To be used",
        "To be claimed",
    ];
    let at = &document.proof;
    let title = format!("Co-op lots as they stand at record {}, through {}", at.head_position, at.head_through);
    table(html, &title, &head, document.lots.iter().map(row).collect(), None);
}

fn proof(html: &mut String, document: &Document) {
    let proof = &document.proof;
    let mut lines = vec![
        ("Records up to", proof.position.to_string()),
        ("Root of the ledger there", proof.root.clone()),
        ("Dates through", proof.through.to_string()),
        ("Rule book", proof.rule_book.clone()),
        ("Versions of the terms", proof.rule_sets.join(", ")),
        ("Engine semantics", proof.engine_semantics.to_string()),
    ];
    if let Some(closing) = &proof.closing {
        lines.extend([
            ("Closed by the record", format!("{}, {}", closing.position, closing.event)),
            ("Digest of the month's statements", closing.statement_digest.clone()),
            ("Reason", closing.reason.clone()),
            ("Closed by", closing.closed_by.clone()),
            ("Approved by", closing.approver.clone()),
        ]);
    }
    lines.extend([("Printed at record", proof.head_position.to_string()), ("Root there", proof.head_root.clone())]);
    lines.retain(|(_, value)| !value.is_empty());
    html.push_str("<h2>Proof</h2>\n<table>\n<tbody>\n");
    for (name, value) in lines {
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td><code>{}</code></td></tr>",
            escaped(name),
            escaped(&value)
        );
    }
    html.push_str("</tbody>\n</table>\n");
}

fn dates(first: Option<NaiveDate>, last: Option<NaiveDate>) -> Cell {
    first.zip(last).map_or_else(|| Cell::Text(String::new()), |(first, last)| Cell::Dates(first, last))
}

fn amount(sum: Exact) -> Cell {
    Cell::Amount(sum.to_string())
}

fn paragraph(html: &mut String, text: &str) {
    let _ = writeln!(html, "<p>{}</p>", escaped(text));
}

fn flag(html: &mut String, text: &str) {
    let _ = writeln!(html, "<p class=\"flag\"><strong>{}</strong></p>", escaped(text));
}

/// A table under a heading; nothing where it has no rows.
fn table(html: &mut String, title: &str, head: &[&str], rows: Vec<Vec<Cell>>, foot: Option<Vec<Cell>>) {
    let Some(first) = rows.first() else { return };
    let _ = write!(html, "<h2>{}</h2>\n<table>\n<thead><tr>", escaped(title));
    for (name, below) in head.iter().zip(first) {
        let class = if matches!(below, Cell::Amount(_)) { " class=\"amount\"" } else { "" };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(name));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    rows.iter().for_each(|row| cells(html, row));
    html.push_str("</tbody>\n");
    if let Some(foot) = foot {
        html.push_str("<tfoot>\n");
        cells(html, &foot);
        html.push_str("</tfoot>\n");
    }
    html.push_str("</table>\n");
}

fn cells(html: &mut String, row: &[Cell]) {
    html.push_str("<tr>");
    for cell in row {
        let _ = match cell {
            Cell::Text(text) => write!(html, "<td>{}</td>", escaped(text)),
            Cell::Amount(text) => write!(html, "<td class=\"amount\">{}</td>", escaped(text)),
            Cell::Dates(first, last) => write!(html, "<td class=\"dates\">{first}<br>to {last}</td>"),
            Cell::Noted(text, note) => write!(html, "<td>{}<br><small>{}</small></td>", escaped(text), escaped(note)),
        };
    }
    html.push_str("</tr>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books;
    use crate::verbs::statement::document::{ClosingProof, Proof};
    use daybook_event::{PartnerId, Position, date_parse};
    use daybook_views::{PartnerRows, Statement};
    use std::collections::BTreeMap;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn document(is_closed: bool) -> Document {
        let partner_id = PartnerId::parse("P-1").unwrap();
        let mut statement = Statement::empty(month("2022-01"), Position::new(7), &partner_id);
        statement.provisional.push("NOFX".into());
        statement.true_ups.push(TrueUpRow {
            partner_id: partner_id.clone(),
            month: month("2022-01"),
            closed_month: month("2021-11"),
            lever: "core_azure".into(),
            rebate: exact("-1.50"),
            coop: exact("-1.00"),
            cause: "terms:<b>2021-10</b>/x".into(),
        });
        statement.conservation = Some(daybook_views::rows::ConservationRow {
            partner_id,
            month: month("2022-01"),
            billed: exact("12.00"),
            earning: exact("0"),
            ineligible: BTreeMap::from([("CUSEQPTR".into(), exact("5.00"))]),
            unmatched: exact("7.00"),
            capped: exact("0"),
            provisional_noterms: exact("0"),
            unconverted: Vec::new(),
        });
        let closing = ClosingProof {
            event: "ledger/closed-2022-01".to_owned(),
            position: Position::new(9),
            statement_digest: "dd".to_owned(),
            closed_by: "Ann & Bob".to_owned(),
            approver: String::new(),
            reason: "month end".to_owned(),
            override_reason: "<script>alert('x')</script>".to_owned(),
        };
        let through = date_parse("2022-02-28").unwrap();
        let proof = Proof {
            position: Position::new(7),
            root: "aa".to_owned(),
            through,
            rule_book: "bb".to_owned(),
            rule_sets: vec!["2021-10".to_owned()],
            engine_semantics: 1,
            head_position: Position::new(12),
            head_root: "cc".to_owned(),
            head_through: through,
            closing: is_closed.then_some(closing),
            open: Open::NotYet,
        };
        let book = books::book(None, "2021-10").unwrap();
        Document::of(statement, proof, &book, &PartnerRows::default(), &book).unwrap()
    }

    #[test]
    fn what_did_not_earn_stands_with_its_reason_and_adds_up() {
        let document = document(true);
        let said: Vec<(&str, String, bool)> = document
            .not_earned
            .iter()
            .map(|line| {
                (line.code.as_str(), line.amount.to_string(), line.why.is_empty() || line.what_to_do.is_empty())
            })
            .collect();
        assert_eq!(said, [("CUSEQPTR", "5.00".to_owned(), false), ("unmatched", "7.00".to_owned(), false)]);
        assert_eq!(document.totals.true_up_rebate, exact("-1.50"));
        let page = page(&document);
        assert!(page.contains("<td class=\"amount\">-1.50</td>") && page.contains("2021-11"), "{page}");
        assert!(page.contains("Provisional: NOFX") && page.contains("Closed although a check failed"), "{page}");
    }

    #[test]
    fn what_records_say_is_never_markup() {
        let page = page(&document(true));
        assert!(page.contains("terms:&lt;b&gt;2021-10&lt;/b&gt;/x") && page.contains("Ann &amp; Bob"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>"));
    }

    #[test]
    fn an_open_month_says_that_it_may_change() {
        let page = page(&document(false));
        assert!(page.contains("Open: these figures are of now"), "{page}");
        assert!(!page.contains("never change") && !page.contains("Digest of the month"), "{page}");
    }
}

//! `daybook reconcile`: Microsoft's own statement of earnings against our figures.

mod levers;
mod our_month;
mod pack;
mod read;

use crate::books::Books;
use crate::cli::{Cli, Format, ReconcileArguments};
use crate::closed::{Kept, Terms};
use crate::failure::Failure;
use crate::import::partner_map;
use crate::output::{self, Section};
use crate::shards::threads_of_machine;
use crate::waiting::Waiting;
use crate::window::{self, Window};
use daybook_event::{Currency, Exact, Month, NaiveDate, PartnerId, Position};
use daybook_replay::{
    ClassTotal, OurFigures, PartnerReconciliation, Reconciliation, Replayed, TheirRow, Variance, lines_of_partner,
    reconcile_partner,
};
use daybook_rules::model::RuleBook;
use levers::Levers;
use read::{FaultyLine, FileRead, Reading, SetAside, Theirs};
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn run(cli: &Cli, arguments: &ReconcileArguments) -> Result<(), Failure> {
    if let Some(folder) = &arguments.output {
        pack::check(folder)?;
    }
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let named = books.book(&arguments.book)?;
    let book = &named.book;
    if book.sets[0].currency != Currency::USD {
        let currency = book.sets[0].currency;
        return Err(Failure::Input(format!(
            "their statement is in USD, and the program currency of this book is {currency}: name a book in USD"
        )));
    }
    let levers = Levers::of(book, arguments.lever_map.as_deref())?;
    let partner_map = arguments.partner_map.as_deref().map(partner_map).transpose()?.unwrap_or_default();
    let mut theirs = Reading { arguments, partner_map, levers }.files()?;
    let window = window::read(&known, arguments.window.through)?;
    let terms = Terms::of(&named, &books);
    let Kept { replayed, note } = terms.replay(&window.histories, window.through, threads_of_machine(), &|_| ())?;
    if let Some(partner_id) = arguments.partner.as_ref().filter(|only| window.histories.partner(only).is_some()) {
        // Whoever is asked for by name is looked at, also where their files pay it nothing at all.
        theirs.rows.entry(partner_id.clone()).or_default();
        theirs.partners_named.insert(partner_id.clone());
    }
    let found = reconciled(&window, book, &replayed, &theirs.rows)?;
    let months = &theirs.months_named;
    let wanted = |month: Month| arguments.month.map_or_else(|| months.contains(&month), |only| only == month);
    let reconciliation = Reconciliation::of(&found, wanted)?;
    if reconciliation.months.is_empty() && theirs.faults.is_empty() && theirs.set_aside.is_empty() {
        return Err(nothing_compared(arguments));
    }
    let others = window.histories.partners().iter().filter(|(id, _)| !theirs.partners_named.contains(id)).count();
    let report = Report::new(&window, book, theirs, reconciliation, others);
    if let Some(folder) = &arguments.output {
        pack::Pack { report: &report, window: &window, book, replayed: &replayed }.write(folder)?;
    }
    let waiting = Waiting::of(&known.snapshot, arguments.partner.as_ref())?;
    report.print(arguments, &waiting, &[("rule book", named.note.clone()), ("closed", note)])?;
    report.outcome()
}

/// Said where neither side has anything: no difference there would pass a mistyped partner or month for one that agrees.
fn nothing_compared(arguments: &ReconcileArguments) -> Failure {
    let asked = match (&arguments.partner, arguments.month) {
        (None, None) => return Failure::Input("the files name no earning: there is nothing to compare".to_owned()),
        (Some(partner_id), None) => format!("partner {partner_id}"),
        (None, Some(month)) => format!("the month {month}"),
        (Some(partner_id), Some(month)) => format!("partner {partner_id} in {month}"),
    };
    Failure::Input(format!(
        "nothing to compare: {asked} is in no row of the files, and no figure of ours stands against them; `daybook views` \
         lists our partners and months"
    ))
}

/// Every partner that their rows name, or that is asked for, in order.
fn reconciled(
    window: &Window,
    book: &RuleBook,
    replayed: &Replayed,
    rows: &BTreeMap<PartnerId, Vec<TheirRow>>,
) -> Result<Vec<(PartnerId, PartnerReconciliation)>, Failure> {
    let rows_of = |partner_id: &PartnerId| {
        let at = replayed.partners.binary_search_by(|(id, _)| id.cmp(partner_id)).ok();
        at.map(|at| replayed.partners[at].1.clone()).unwrap_or_default()
    };
    let mut found = Vec::new();
    for (partner_id, theirs) in rows {
        let (rows, lines) =
            (rows_of(partner_id), lines_of_partner(&window.histories, book, partner_id, window.through)?);
        let ours = OurFigures { partner_id, rows: &rows, lines: &lines };
        found.push((partner_id.clone(), reconcile_partner(ours, theirs)?));
    }
    Ok(found)
}

/// A reconciliation with its coordinates, as `--format json` prints it.
#[derive(Serialize)]
struct Report {
    position: Position,
    through: NaiveDate,
    rule_book: String,
    files: Vec<FileRead>,
    #[serde(flatten)]
    reconciliation: Reconciliation,
    /// Partners of the ledger that no row names.
    partners_not_named: usize,
    /// Their levers that no lever of ours is known for, with how many rows.
    levers_unknown: BTreeMap<String, usize>,
    set_aside: Vec<SetAside>,
    faults: Vec<FaultyLine>,
}

impl Report {
    fn new(window: &Window, book: &RuleBook, theirs: Theirs, of: Reconciliation, partners_not_named: usize) -> Self {
        Self {
            position: window.position,
            through: window.through,
            rule_book: book.terms_hash.clone(),
            files: theirs.files,
            reconciliation: of,
            partners_not_named,
            levers_unknown: theirs.levers_unknown,
            set_aside: theirs.set_aside,
            faults: theirs.faults,
        }
    }

    fn print(
        &self,
        arguments: &ReconcileArguments,
        waiting: &Waiting,
        terms: &[(&str, String)],
    ) -> Result<(), Failure> {
        let of = &self.reconciliation;
        let unknown: Vec<&str> = self.levers_unknown.keys().map(String::as_str).collect();
        let mut head = vec![("position", self.position.to_string()), ("through", self.through.to_string())];
        head.extend(terms.iter().cloned());
        head.extend([
            ("matched", format!("{} of their earnings", of.matched)),
            ("theirs", of.theirs.to_string()),
            ("ours", of.ours.to_string()),
            ("variance", format!("{} (theirs less ours)", of.variance)),
            ("partners", format!("{} in the ledger that no row names", self.partners_not_named)),
            ("set aside", format!("{} rows", self.set_aside.len())),
            (
                "levers",
                if unknown.is_empty() { "all known".to_owned() } else { format!("not known: {}", unknown.join(", ")) },
            ),
        ]);
        let sections = match arguments.format.format {
            Format::Csv => vec![Section::new("variances", &of.variances)?],
            Format::Table | Format::Json => self.tables(arguments.top)?,
        };
        output::print_figures(arguments.format.format, self, &head, &sections, waiting)
    }

    fn tables(&self, top: usize) -> Result<Vec<Section>, Failure> {
        let of = &self.reconciliation;
        let classes: Vec<&ClassTotal> = of.classes.iter().filter(|class| class.variances > 0).collect();
        let mut largest: Vec<&Variance> = of.variances.iter().filter(|variance| variance.class.is_disputed()).collect();
        largest.sort_by_key(|variance| std::cmp::Reverse(magnitude(variance)));
        let shown = largest.len().min(top);
        let title = format!("variances besides rounding: the {shown} largest of {}", largest.len());
        let rows = largest.iter().take(top).map(|of| brief(of)).collect::<Result<Vec<_>, _>>()?;
        Ok(vec![
            Section::new("classes", &classes)?,
            Section::new("months", &of.months)?,
            Section { name: title, rows },
            Section::new("set aside", &self.set_aside)?,
            Section::new("lines that cannot be read", &self.faults)?,
        ])
    }

    /// Exit status 1 where somebody has to look.
    fn outcome(&self) -> Result<(), Failure> {
        let of = &self.reconciliation;
        if !self.faults.is_empty() {
            return Err(Failure::Check(format!(
                "{} lines cannot be read, so that nothing is said of them: mend them, or name their partners",
                self.faults.len()
            )));
        }
        if of.is_disputed() {
            let text = format!("theirs {} and ours {} differ by more than rounding", of.theirs, of.ours);
            return Err(Failure::Check(text));
        }
        Ok(())
    }
}

/// A variance without what would make a table too wide: JSON, CSV and the pack have it.
fn brief(variance: &Variance) -> Result<serde_json::Value, serde_json::Error> {
    let mut row = serde_json::to_value(variance)?;
    if let Some(fields) = row.as_object_mut() {
        fields.retain(|name, _| !["customer_id", "product", "earning_ids"].contains(&name.as_str()));
    }
    Ok(row)
}

/// The larger part of a variance, whatever its sign.
fn magnitude(variance: &Variance) -> Exact {
    let size = |amount: Exact| if amount.is_negative() { amount.negate() } else { amount };
    size(variance.rebate).max(size(variance.coop))
}

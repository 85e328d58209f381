//! Section 6: what each line contributes to which lever, growth over the year before, and what caps leave of it.

use super::accrual::{Bucket, Priced};
use super::facts::{Line, Partner, billed};
use super::newness::{Asked, customer_of};
use super::number::Num;
use super::terms::number_on;
use super::time::{Period, Ym};
use daybook_event::{Opening, Payload};
use daybook_rules::model::{Base, CapPer, CapWindow, Lever, RuleBook};
use std::collections::BTreeSet;

/// What one line contributes to one lever.
pub(crate) struct Contribution<'a> {
    /// Number of the line among the partner's.
    line: usize,
    /// The month in which the line is booked.
    pub(crate) month: Ym,
    /// Number of the rule set that prices the line.
    pub(crate) rule_set: usize,
    pub(crate) lever: &'a Lever,
    pub(crate) base: Num,
    /// Before the cap.
    raw: Num,
    /// After it.
    pub(crate) counted: Num,
}

impl<'a> Partner<'a> {
    /// Every contribution, in the order of the lines; and the months whose growth has no year before.
    pub(crate) fn contributions(&self, priced: &[Priced]) -> (Vec<Contribution<'a>>, BTreeSet<Ym>) {
        let mut all: Vec<Contribution<'a>> = Vec::new();
        let mut without_base = BTreeSet::new();
        for (at, line) in self.lines.iter().enumerate() {
            let (Some(worth), Some(rule_set)) = (line.worth, priced[at].rule_set) else { continue };
            let month = Ym::of(line.event.effective_on);
            for &lever in &priced[at].levers {
                let lever = &self.world.book.sets[rule_set].levers[lever];
                let mut base = worth;
                if lever.base == Base::Growth {
                    if self.last_of_growth(priced, at, lever) != at {
                        continue;
                    }
                    base = self.growth(priced, at, lever);
                    if self.is_before_everything(month) {
                        without_base.insert(month);
                    }
                }
                let raw = base.times(Num::of_rate(lever.rate));
                let before = self.counted_before(&all, at, lever);
                let cap = |sum: Num| lever.cap.map_or(sum, |cap| sum.min(Num::of_term(cap.amount)));
                let counted = cap(before.plus(raw)).minus(cap(before));
                all.push(Contribution { line: at, month, rule_set, lever, base, raw, counted });
            }
        }
        (all, without_base)
    }

    /// Lines of the customer and month to which a growth lever of that name applies, by number.
    fn growing(&self, priced: &[Priced], at: usize, lever: &Lever) -> Vec<usize> {
        let of = |at: usize| (customer_of(&self.lines[at]), Ym::of(self.lines[at].event.effective_on));
        let is_applied = |other: &usize| {
            let Some(set) = priced[*other].rule_set else { return false };
            let applied = priced[*other].levers.iter().map(|&number| &self.world.book.sets[set].levers[number]);
            applied.into_iter().any(|one| one.name == lever.name && one.base == Base::Growth)
        };
        (0..self.lines.len()).filter(|other| of(*other) == of(at)).filter(is_applied).collect()
    }

    fn last_of_growth(&self, priced: &[Priced], at: usize, lever: &Lever) -> usize {
        *self.growing(priced, at, lever).last().expect("the line itself grows")
    }

    /// This month's lines over everything of the year before that the lever matches, as the last line sees it.
    fn growth(&self, priced: &[Priced], last: usize, lever: &Lever) -> Num {
        let now = self.growing(priced, last, lever);
        let now = Num::sum(now.into_iter().filter_map(|at| self.lines[at].worth));
        let line = &self.lines[last];
        let (customer, on) = (customer_of(line), line.priced_by.effective_on);
        let month = Ym::of(line.event.effective_on);
        let year_before = Ym(month.0 - 12);
        let set = &self.world.book.sets[number_on(self.world.book, on).expect("terms that price a line")];
        let asked = Asked::by_lever(set, lever, on).with_openings_until(month.last_day());
        let is_then = |other: &&Line<'_>| {
            let root = billed(other.priced_by).expect("a line is priced by a line");
            Ym::of(other.event.effective_on) == year_before
                && root.customer == customer
                && asked.is_product(self, root.product)
                && self.is_otherwise_matched(lever, &root, other.priced_by.effective_on)
        };
        let then = Num::sum(self.lines.iter().filter(is_then).filter_map(|other| other.worth));
        let then = then.plus(self.opened_revenue(customer, year_before, &asked));
        now.minus(then).max(Num::ZERO)
    }

    /// Whether the year before the month is before everything that the partner billed.
    fn is_before_everything(&self, month: Ym) -> bool {
        let of_lines = self.lines.iter().map(|line| Ym::of(line.event.effective_on));
        let of_openings = self.facts.iter().filter_map(|event| match &event.payload {
            Payload::Opening(Opening::Revenue { month: opened, .. }) if event.effective_on <= month.last_day() => {
                Some(Ym::of_month(*opened))
            }
            _ => None,
        });
        of_lines.chain(of_openings).all(|first| month.0 - 12 < first.0)
    }

    /// What lines before this one contributed to levers of that name, per customer or partner, in the same window.
    fn counted_before(&self, all: &[Contribution<'a>], at: usize, lever: &Lever) -> Num {
        let Some(cap) = lever.cap else { return Num::ZERO };
        let line = &self.lines[at];
        let is_counted = |one: &&Contribution<'_>| {
            let other = &self.lines[one.line];
            one.lever.name == lever.name
                && one.line < at
                && (cap.per == CapPer::Partner || customer_of(other) == customer_of(line))
                && window(self.world.book, cap.window, other) == window(self.world.book, cap.window, line)
        };
        Num::sum(all.iter().filter(is_counted).map(|one| one.raw))
    }

    /// Caps leave nothing of the line, and there was something.
    pub(crate) fn is_capped(contributions: &[Contribution<'_>], line: usize) -> bool {
        let of_line: Vec<&Contribution<'_>> = contributions.iter().filter(|one| one.line == line).collect();
        of_line.iter().all(|one| one.counted.is_zero()) && of_line.iter().any(|one| !one.raw.is_zero())
    }

    /// The buckets once caps are counted.
    pub(crate) fn cap(priced: &mut [Priced], contributions: &[Contribution<'_>]) {
        for (at, priced) in priced.iter_mut().enumerate() {
            if priced.bucket == Bucket::Earning && Self::is_capped(contributions, at) {
                priced.bucket = Bucket::Capped;
            }
        }
    }
}

/// The first month of the window that holds the date of the line that prices.
fn window(book: &RuleBook, window: CapWindow, line: &Line<'_>) -> Ym {
    let mut month = Ym::of(line.priced_by.effective_on);
    match window {
        CapWindow::Life => Ym(0),
        CapWindow::EarningPeriod => Period::holding(book, month).first,
        CapWindow::ProgramYear => {
            // Back to the month after a program year's last.
            while (month.0 - 1).rem_euclid(12) + 1 != book.sets[0].calendar.program_year_last_month {
                month.0 -= 1;
            }
            month
        }
    }
}

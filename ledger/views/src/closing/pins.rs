//! What is pinned of one partner.

use super::{Closing, Statement};
use crate::fold::finding;
use crate::history::FactSource;
use crate::rows::{FindingRow, LotRow, PayoutRow};
use daybook_event::{Exact, Month, PartnerId, Position};
use std::collections::BTreeMap;

/// The closings that count, and the partner's statements of them. The default: nothing is closed.
#[derive(Debug, Default)]
pub(crate) struct Pinned<'a> {
    closings: &'a [Closing],
    statements: BTreeMap<Month, Statement>,
}

impl<'a> Pinned<'a> {
    /// Reads the partner's statements, and what is odd about them. Of several attempts to close a month, only the
    /// statements of the one that closed it count: those with its position and its through date.
    pub(crate) fn read<S: FactSource>(
        closings: &'a [Closing],
        partner_id: &PartnerId,
        source: &S,
    ) -> Result<(Self, Vec<FindingRow>), S::Error> {
        let (mut statements, mut findings) = (BTreeMap::new(), Vec::new());
        for closing in closings {
            let recorded = source.pinned(closing.month, closing.position, closing.recorded)?;
            for record in recorded.iter().filter(|record| record.through == closing.through) {
                match Statement::parse(&record.rows, closing.month, partner_id) {
                    Ok(statement) if statement.position == closing.position => {
                        statements.entry(closing.month).or_insert(statement);
                    }
                    Ok(_) => {}
                    Err(_) => findings.push(finding(partner_id, "STATEMENT_UNREADABLE", vec![record.id.to_string()])),
                }
            }
        }
        Ok((Self { closings, statements }, findings))
    }

    /// The earliest open month; none where nothing is closed.
    pub(crate) fn first_open(&self) -> Option<Month> {
        self.closings.last().map(|closing| closing.month.next())
    }

    /// Up to which position the closed month knows the records; none for an open one. Months before the first closing know
    /// what it knew.
    pub(crate) fn known_until(&self, month: Month) -> Option<Position> {
        let at = self.closings.partition_point(|closing| closing.month < month);
        self.closings.get(at).map(|closing| closing.position)
    }

    /// The statements, by month.
    pub(crate) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.statements.values()
    }

    /// What the closing of the month says of the lot of the period that it ends; the outer none where no closing decided.
    #[allow(clippy::option_option)] // no closing, and a closing without a lot, are not the same
    pub(crate) fn lot(&self, last_month: Month) -> Option<Option<&LotRow>> {
        self.closings.binary_search_by(|closing| closing.month.cmp(&last_month)).ok()?;
        Some(self.statements.get(&last_month).and_then(|statement| statement.lot.as_ref()))
    }

    /// The payouts of closed months.
    pub(crate) fn payouts(&self) -> impl Iterator<Item = (&Closing, &PayoutRow)> {
        self.closings.iter().filter_map(|closing| {
            let row = self.statements.get(&closing.month)?.payout.as_ref()?;
            Some((closing, row))
        })
    }

    /// What is carried out of the last closed month.
    pub(crate) fn carried_out(&self) -> Exact {
        let last = self.closings.last().and_then(|closing| self.statements.get(&closing.month));
        last.and_then(|statement| statement.payout.as_ref()).map_or(Exact::ZERO, |row| row.carried_out)
    }
}

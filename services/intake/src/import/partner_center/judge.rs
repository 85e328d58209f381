//! What becomes of each row: a billed line, an estimate, a fault. Takes knowing the whole file.

use super::super::fault::{FileError, LineFault};
use super::super::{FaultReason, SkipReason};
use super::columns::{Cells, Column, LineKind};
use super::line::{BilledLine, billed_line};
use super::source_file::{RowContent, SourceFile, SourceRow, unbilled_marks};
use super::{Billing, PartnerCenterOptions};

/// What becomes of a row.
pub(super) enum Verdict {
    Billed,
    Faulty(LineFault),
    Skipped(SkipReason),
}

/// Decides it.
pub(super) struct Judge<'a> {
    pub(super) options: &'a PartnerCenterOptions<'a>,
    /// Whether any line of the file names its invoice.
    pub(super) some_invoice: bool,
}

impl Judge<'_> {
    /// Legacy lines are always billed but have no column for the invoice: then the import must name it, else equal lines
    /// of two invoices would have one id.
    pub(super) fn legacy_invoice(&self, file: &SourceFile<'_>) -> Result<Option<String>, FileError> {
        let without = |row: &SourceRow<'_>| {
            let legacy = |(cells, kind): (&Cells, LineKind)| legacy_is(kind) && cells.get(Column::Invoice).is_empty();
            row.cells().is_some_and(legacy)
        };
        if self.options.billing == Billing::Unbilled || self.some_invoice || !file.rows.iter().any(without) {
            return Ok(None);
        }
        self.options.invoice.clone().map(Some).ok_or(FileError::InvoiceUnknown)
    }

    pub(super) fn rows(&self, file: &SourceFile<'_>) -> (Vec<Verdict>, Vec<BilledLine>) {
        let mut billed = Vec::new();
        let verdicts = file.rows.iter().map(|row| self.row(row, &mut billed)).collect();
        (verdicts, billed)
    }

    fn row(&self, row: &SourceRow<'_>, billed: &mut Vec<BilledLine>) -> Verdict {
        let (cells, kind) = match &row.content {
            Err(fault) => return Verdict::Faulty(fault.clone()),
            Ok(RowContent::NotALine) => return Verdict::Skipped(SkipReason::NotALine),
            Ok(RowContent::Webhook(webhook)) => return Verdict::Skipped(SkipReason::Webhook(*webhook)),
            Ok(RowContent::Line { cells, kind }) => (cells, *kind),
        };
        let invoice = match self.invoice_of(cells, kind) {
            Ok(invoice) => invoice,
            Err(verdict) => return verdict,
        };
        match billed_line(cells, kind, invoice, self.options) {
            Err(fault) => Verdict::Faulty(fault),
            Ok(line) => {
                billed.push(line);
                Verdict::Billed
            }
        }
    }

    /// The invoice that a billed line stands on, or what becomes of a line that is not billed. A blank number beside
    /// numbered lines is no estimate but a damaged line: its money would vanish.
    fn invoice_of<'c>(&'c self, cells: &'c Cells, kind: LineKind) -> Result<&'c str, Verdict> {
        let invoice = cells.get(Column::Invoice);
        let unbilled = self.options.billing == Billing::Unbilled || unbilled_marks(invoice);
        if unbilled {
            return Err(Verdict::Skipped(SkipReason::Unbilled));
        }
        let daily = !cells.get(Column::UsageDate).is_empty() && cells.get(Column::Subtotal).is_empty();
        if kind == LineKind::DailyUsage || (kind == LineKind::LegacyUsage && daily) {
            let why = if self.some_invoice { SkipReason::UsageDetail } else { SkipReason::Unbilled };
            return Err(Verdict::Skipped(why));
        }
        if !invoice.is_empty() {
            return Ok(invoice);
        }
        if self.some_invoice {
            let what = "InvoiceNumber is blank; other lines of the file have one";
            return Err(Verdict::Faulty(LineFault::new(FaultReason::InvoiceMissing, what)));
        }
        let named = self.options.invoice.as_deref().filter(|_| legacy_is(kind));
        named.ok_or(Verdict::Skipped(SkipReason::Unbilled))
    }
}

fn legacy_is(kind: LineKind) -> bool {
    matches!(kind, LineKind::LegacyLicence | LineKind::LegacyUsage)
}

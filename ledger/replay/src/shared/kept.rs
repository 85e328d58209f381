//! Folds that were kept: their books are priced and settled without a fact being read.

use super::{Found, SharedFolds, Wanted};
use daybook_event::{Month, Overflow, PartnerId};
use daybook_views::{FxTable, KeptPartner, PartnerRows, Reversals, overflowed};

/// Why a kept fold is of no use. The records have it all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeptFault {
    /// What is kept cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// A sum left the range of exact money.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// One fold as it was kept, of every partner.
pub trait KeptFold: Sync {
    /// What was kept of the partner of this number.
    ///
    /// # Errors
    /// [`KeptFault::Unreadable`].
    fn partner(&self, at: usize, partner_id: &PartnerId) -> Result<KeptPartner, KeptFault>;
}

/// Kept folds of the same partners: one for each of [`SharedFolds`].
pub struct KeptFolds<'k> {
    /// Every partner, in order.
    pub partners: Vec<PartnerId>,
    /// The folds.
    pub folds: Vec<&'k dyn KeptFold>,
    /// The exchange rates that count in each.
    pub fx: Vec<FxTable>,
    /// The rows of no partner under each.
    pub of_no_partner: Vec<PartnerRows>,
    /// The last month in which anybody was billed; none where nobody was.
    pub last_billed: Option<Month>,
}

impl SharedFolds<'_> {
    /// Hands over the rows of a partner under every book, from what was kept of it.
    ///
    /// # Errors
    /// [`KeptFault`], or whatever `visit` returns.
    pub fn rows_kept<E: From<KeptFault>>(
        &self,
        kept: &KeptFolds<'_>,
        at: usize,
        wanted: &dyn Fn(usize) -> Wanted,
        visit: &mut dyn FnMut(Found) -> Result<(), E>,
    ) -> Result<(), E> {
        // Its reversals are among what was kept.
        let nothing = Reversals::default();
        let id = &kept.partners[at];
        for ((fold, source), fx) in self.folds.iter().zip(&kept.folds).zip(&kept.fx) {
            let partner = source.partner(at, id)?;
            for &book in &fold.members {
                let repricing = &self.prices[book];
                let (rows, margins) = match wanted(book) {
                    Wanted::Every => {
                        (repricing.rows(fx, id, &nothing, partner.state(), self.through), partner.margins().to_vec())
                    }
                    Wanted::Money => (repricing.money(fx, id, partner.state(), self.through), Vec::new()),
                };
                let rows = rows.unwrap_or_else(|_| overflowed(id, partner.first()));
                visit(Found::Rows { book, rows, margins })?;
            }
        }
        Ok(())
    }
}

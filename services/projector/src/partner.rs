//! What the derived file knows of a partner beside its facts: enough to say what a new record affects without reading
//! them. It depends on records only, never on a rule book, so every generation of the views shares it.

use crate::chunk::FactMonths;
use daybook_event::PartnerId;
use daybook_views::{CurrencyUses, Reversals};
use serde::{Deserialize, Serialize};

/// What is known of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PartnerMeta {
    /// Where its facts are.
    pub(crate) facts: FactMonths,
    /// Where its pinned statements are, by the month that they are of.
    pub(crate) pinned: FactMonths,
    /// Its reversals.
    pub(crate) reversals: Reversals,
    /// What exchange rates its figures depend on.
    pub(crate) currencies: CurrencyUses,
}

/// Under which name the derived file has a partner's pinned statements: no partner's own, since no id has a slash.
pub(crate) fn pinned_owner(partner_id: &PartnerId) -> String {
    format!("{partner_id}/pinned")
}

//! Exchange rates, manifests and reversals: payloads that may be facts of no partner.

use crate::fault::{Checked, DecodeFault};
use crate::field;
use crate::wire::{self, source_manifest::Sum};
use daybook_event::{Amount, Currency, EventId, FxRate, Reversal, SourceManifest};

pub(super) fn fx_rate_read(wire: &wire::FxRate) -> Checked<FxRate> {
    Ok(FxRate {
        currency: field::currency(&wire.currency)?,
        month: field::month(&wire.month)?,
        rate: field::exchange_rate("rate", &wire.rate)?,
    })
}

pub(super) fn fx_rate_write(rate: &FxRate) -> wire::FxRate {
    wire::FxRate { currency: rate.currency.to_string(), month: rate.month.to_string(), rate: rate.rate.to_string() }
}

pub(super) fn reversal_read(wire: wire::Reversal) -> Checked<Reversal> {
    Ok(Reversal {
        reverses: field::id("reverses", &wire.reverses, EventId::parse)?,
        reason: field::text_long("reason", wire.reason)?,
    })
}

pub(super) fn reversal_write(reversal: &Reversal) -> wire::Reversal {
    wire::Reversal { reverses: reversal.reverses.to_string(), reason: reversal.reason.clone() }
}

/// The order of the sums means nothing, so it is made one: by currency.
pub(super) fn manifest_read(wire: &wire::SourceManifest) -> Checked<SourceManifest> {
    let mut sums: Vec<(Currency, Amount)> = Vec::with_capacity(wire.sums.len());
    for (at, sum) in wire.sums.iter().enumerate() {
        let read = sum_read(sum).and_then(|sum| once(&sums, sum));
        sums.push(read.map_err(|fault| fault.within(&format!("sums[{at}]")))?);
    }
    sums.sort_unstable();
    Ok(SourceManifest { count: wire.count, sums })
}

fn sum_read(sum: &Sum) -> Checked<(Currency, Amount)> {
    Ok((field::currency(&sum.currency)?, field::amount("amount", &sum.amount)?))
}

fn once(sums: &[(Currency, Amount)], sum: (Currency, Amount)) -> Checked<(Currency, Amount)> {
    if sums.iter().any(|(currency, _)| *currency == sum.0) {
        return Err(DecodeFault::invalid("currency", format!("{} stands twice; one sum a currency", sum.0)));
    }
    Ok(sum)
}

pub(super) fn manifest_write(manifest: &SourceManifest) -> wire::SourceManifest {
    let mut sums = manifest.sums.clone();
    sums.sort_unstable();
    let sums = sums.iter().map(|(currency, amount)| Sum { currency: currency.to_string(), amount: amount.to_string() });
    wire::SourceManifest { count: manifest.count, sums: sums.collect() }
}

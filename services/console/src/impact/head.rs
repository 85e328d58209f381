//! The first lines: what is compared, and five numbers.

use super::{Check, ImpactPage, words};
use crate::html::escaped;
use crate::money::{count, signed};
use daybook_event::Exact;
use daybook_replay::{Band, Measure};
use std::fmt::Write as _;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>, checks: &[Check]) {
    html.push_str("<dl class=\"head\">\n");
    for (name, book) in [("Reference, the book in force", of.reference), ("Candidate, the book proposed", of.candidate)]
    {
        let _ = writeln!(
            html,
            "<dt>{name}</dt><dd><strong>{}</strong> <code>{}</code></dd>",
            escaped(book.name),
            escaped(book.terms_hash)
        );
    }
    let records = if of.root.is_empty() {
        format!("up to position {}", of.attributed.comparison.position)
    } else {
        format!("up to position {}, root <code>{}</code>", of.attributed.comparison.position, escaped(of.root))
    };
    let _ = writeln!(html, "<dt>Records</dt><dd>{records}</dd>");
    let _ = writeln!(
        html,
        "<dt>Through</dt><dd>{}, engine semantics {}, amounts in {}</dd>",
        of.through,
        of.engine_semantics,
        escaped(of.currency)
    );
    let _ = writeln!(html, "<dt>Closed</dt><dd>{}</dd>", escaped(of.closed));
    if of.impact.provisional_partners > 0 {
        let partners = count(of.impact.provisional_partners);
        let _ = writeln!(
            html,
            "<dt>Provisional</dt><dd>{partners} partners have a month whose figures miss something: daybook views --view \
             provisional lists them</dd>"
        );
    }
    let _ = writeln!(html, "<dt>Reproduce</dt><dd><code>{}</code></dd>\n</dl>", escaped(of.command));
    for failed in checks.iter().filter(|check| !check.has_passed) {
        let _ = writeln!(
            html,
            "<p class=\"banner\" role=\"alert\">Check failed: {}. {}</p>",
            escaped(&failed.name),
            escaped(&failed.says)
        );
    }
    numbers(html, of);
}

/// Changes large, totals small.
fn numbers(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<ul class=\"numbers\">\n");
    for measure in [Measure::Earned, Measure::Cash, Measure::CoopUsable] {
        let delta = of.total(measure);
        let lines =
            [format!("{} to {}", crate::money::grouped(delta.reference), crate::money::grouped(delta.candidate))];
        let range = range(of, measure, delta.delta);
        number(html, words::measure(measure), &signed(delta.delta), lines.into_iter().chain(range));
    }
    let tally = |bands: &[Band]| -> usize {
        let of_these = of.impact.bands.iter().filter(|(band, _)| bands.contains(band));
        of_these.map(|(_, tally)| tally.partners).sum()
    };
    let lose = tally(&[Band::LostEligibility, Band::LostCoopUse, Band::LossOver5, Band::LossUpTo5]);
    let gain = tally(&[Band::GainedEligibility, Band::GainedCoopUse, Band::GainOver5, Band::GainUpTo5]);
    let (shifted, unchanged) = (tally(&[Band::Shifted]), tally(&[Band::Unchanged]));
    let lines = [format!("{} shifted only, {} unchanged", count(shifted), count(unchanged))];
    number(html, "Partners", &format!("{} lose, {} gain", count(lose), count(gain)), lines.into_iter());
    let days = of.attributed.cash_days.median.map(|days| days.to_string());
    let days = days.map_or_else(|| "no cash to compare".to_owned(), |days| days_said(&days));
    let partners = of.attributed.cash_days.partners.len();
    let line = format!("median over {} partners with cash on both sides", count(partners));
    number(html, "Cash is due", &days, std::iter::once(line));
    html.push_str("</ul>\n");
}

/// What the other readings of the terms make of a number.
fn range(of: &ImpactPage<'_>, measure: Measure, delta: Exact) -> Option<String> {
    let priced = of.attributed.interpretations.iter().filter(|reading| reading.priced);
    let others: Vec<Exact> = priced.map(|reading| reading.deltas.get(&measure).copied().unwrap_or_default()).collect();
    let least = others.iter().copied().fold(delta, Exact::min);
    let most = others.iter().copied().fold(delta, Exact::max);
    (least != most).then(|| format!("{} to {} under other readings", signed(least), signed(most)))
}

/// Days with their direction in words: a sign alone leaves open which way is late.
fn days_said(days: &str) -> String {
    match days.strip_prefix('-') {
        Some(days) => format!("{days} days earlier"),
        None if days == "0.0" => "on the same days".to_owned(),
        None => format!("{days} days later"),
    }
}

fn number(html: &mut String, name: &str, value: &str, lines: impl Iterator<Item = String>) {
    let class = if value == "0.00" { " class=\"zero\"" } else { "" };
    let _ = write!(html, "<li>{name}<strong{class}>{}</strong>", escaped(value));
    for line in lines {
        let _ = write!(html, "<span>{}</span>", escaped(&line));
    }
    html.push_str("</li>\n");
}

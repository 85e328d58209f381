//! Partners and their half-years as marks: reference across, candidate up, both in powers of ten.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{count, grouped, short, thousandths};
use crate::scale::{Logarithmic, RAIL};
use crate::svg::{Anchor, Mark, Svg};
use daybook_event::{Exact, Overflow};
use daybook_replay::{Measure, Side};
use std::collections::BTreeMap;

/// The most marks that a picture has: more make no better picture, only a larger page.
const MARKS_MAX: usize = 2_000;

const ACROSS: (i32, i32) = (90, 570);
const UP: (i32, i32) = (480, 30);

/// One point: both amounts, what changes, whose it is.
struct Point {
    x: Exact,
    y: Exact,
    mark: Mark,
    says: String,
}

/// What is drawn, and how it is named.
struct Scatter<'a> {
    name: &'a str,
    title: &'a str,
    what: &'a str,
    thresholds: [&'a [Exact]; 2],
    legend: [&'a str; 4],
}

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    let earned = Scatter {
        name: "scatter-earned",
        title: "Earned by each partner: reference across, candidate up",
        what: "partners",
        thresholds: [&[], &[]],
        legend: ["earns less", "earns more", "the same sum, another kind or date", "unchanged"],
    };
    one(html, &earned, earned_points(of));
    let lots = Scatter {
        name: "scatter-coop",
        title: "Co-op of each partner's earning period: reference across, candidate up",
        what: "earning periods of partners",
        thresholds: [of.reference.coop_thresholds, of.candidate.coop_thresholds],
        legend: ["falls to a worse state", "rises to a better state", "the same state, another amount", "unchanged"],
    };
    one(html, &lots, lot_points(of));
}

fn earned_points(of: &ImpactPage<'_>) -> Vec<Point> {
    let point = |partner: &daybook_replay::PartnerImpact| {
        let side = |side| partner.measured.side(side, Measure::Earned);
        let (x, y) = (side(Side::Reference), side(Side::Candidate));
        let mark = match (y.cmp(&x), partner.is_changed) {
            (std::cmp::Ordering::Less, _) => Mark::Worse,
            (std::cmp::Ordering::Greater, _) => Mark::Better,
            (std::cmp::Ordering::Equal, true) => Mark::Other,
            (std::cmp::Ordering::Equal, false) => Mark::Same,
        };
        Point { x, y, mark, says: format!("{}, {}", partner.partner_id, words::band(partner.band)) }
    };
    of.impact.everyone.iter().map(point).collect()
}

fn lot_points(of: &ImpactPage<'_>) -> Vec<Point> {
    let mut points = Vec::new();
    for partner in &of.impact.everyone {
        for lot in &partner.periods {
            let ((from, x), (to, y)) = (lot.reference, lot.candidate);
            if x.is_zero() && y.is_zero() {
                continue;
            }
            let mark = match (to.cmp(&from), x == y) {
                (std::cmp::Ordering::Less, _) => Mark::Worse,
                (std::cmp::Ordering::Greater, _) => Mark::Better,
                (std::cmp::Ordering::Equal, false) => Mark::Other,
                (std::cmp::Ordering::Equal, true) => Mark::Same,
            };
            let (before, after) = (words::state(from), words::state(to));
            points.push(Point {
                x,
                y,
                mark,
                says: format!("{} {}: {before} to {after}", partner.partner_id, lot.period),
            });
        }
    }
    points
}

fn one(html: &mut String, of: &Scatter<'_>, points: Vec<Point>) {
    if points.is_empty() {
        return;
    }
    let axes = axes(of, &points);
    let marks = marks(&axes, &points);
    let drawn = marks.len().min(MARKS_MAX);
    let mut note = format!(
        "{} {}, {} marks: those in one place share one. On the rails before the axes: less than 1.00.",
        count(points.len()),
        of.what,
        count(drawn)
    );
    if marks.len() > drawn {
        note.push_str(&format!(
            " {} more places are left out, unchanged ones first; --format json lists all.",
            count(marks.len() - drawn)
        ));
    }
    let table = table(of, &points).unwrap_or_else(|Overflow| Table::new(of.title, &["a sum is too large to hold"]));
    figure(html, of.name, of.title, &picture(of, &axes, &marks), &note, &table);
}

/// One axis for both directions: equal amounts lie on the diagonal.
fn axes(of: &Scatter<'_>, points: &[Point]) -> [Logarithmic; 2] {
    let amounts = || {
        let of_points = points.iter().flat_map(|point| [point.x, point.y]);
        of_points.chain(of.thresholds.into_iter().flatten().copied()).map(thousandths)
    };
    [Logarithmic::holding(amounts(), ACROSS), Logarithmic::holding(amounts(), UP)]
}

/// The places with something in them: those that change first, then by how many share the place.
fn marks<'a>(axes: &[Logarithmic; 2], points: &'a [Point]) -> Vec<((i32, i32), Mark, usize, &'a str)> {
    let mut places: BTreeMap<(Mark, i32, i32), (usize, &'a str)> = BTreeMap::new();
    for point in points {
        let place = (point.mark, axes[0].at(thousandths(point.x)), axes[1].at(thousandths(point.y)));
        places.entry(place).or_insert((0, point.says.as_str())).0 += 1;
    }
    let mut marks: Vec<_> =
        places.into_iter().map(|((mark, x, y), (shared, says))| ((x, y), mark, shared, says)).collect();
    marks.sort_by_key(|(place, mark, shared, _)| (*mark == Mark::Same, std::cmp::Reverse(*shared), *place, *mark));
    marks
}

fn picture(of: &Scatter<'_>, axes: &[Logarithmic; 2], marks: &[((i32, i32), Mark, usize, &str)]) -> String {
    let says = "Above the diagonal the candidate gives more, below it less. Both axes are in powers of ten.";
    let mut svg = Svg::new(of.name, of.title, says, (1080, UP.0 + 70));
    for (tick, (x, y)) in axes[0].ticks().into_iter().map(|tick| (tick, (axes[0].at(tick), axes[1].at(tick)))) {
        svg.line("grid", (x, UP.1), (x, UP.0));
        svg.line("grid", (ACROSS.0, y), (ACROSS.1, y));
        svg.text("small", (x, UP.0 + RAIL + 20), Anchor::Middle, &short(tick));
        svg.text("small", (ACROSS.0 - RAIL - 10, y + 4), Anchor::End, &short(tick));
    }
    svg.line("axis", (ACROSS.0, UP.0), (ACROSS.1, UP.0));
    svg.line("axis", (ACROSS.0, UP.0), (ACROSS.0, UP.1));
    // The rails: amounts that have no logarithm.
    svg.line("grid", (ACROSS.0, UP.0 + RAIL), (ACROSS.1, UP.0 + RAIL));
    svg.line("grid", (ACROSS.0 - RAIL, UP.0), (ACROSS.0 - RAIL, UP.1));
    svg.line("dash", (ACROSS.0, UP.0), (ACROSS.1, UP.1));
    svg.text("small", (ACROSS.1, UP.0 + RAIL + 40), Anchor::End, "under the reference");
    svg.text("small", (ACROSS.0 + 6, UP.1 - 8), Anchor::Start, "under the candidate");
    thresholds(&mut svg, of, axes);
    // Those that change are drawn last, over the grey ones.
    for ((x, y), mark, shared, says) in marks.iter().take(MARKS_MAX).rev() {
        let radius = match shared {
            1 => 4,
            2..=9 => 5,
            _ => 7,
        };
        let says = if *shared == 1 { (*says).to_owned() } else { format!("{says}, and {} more", shared - 1) };
        svg.mark(*mark, (*x, *y), radius, &says);
    }
    for (at, (mark, name)) in (0_i32..).zip([Mark::Worse, Mark::Better, Mark::Other, Mark::Same].iter().zip(of.legend))
    {
        let y = UP.1 + 40 + at * 26;
        svg.mark(*mark, (650, y), 6, "");
        svg.text("label", (666, y + 4), Anchor::Start, name);
    }
    svg.text("small", (642, UP.1 + 154), Anchor::Start, "broken line: the same on both sides");
    svg.finish()
}

fn thresholds(svg: &mut Svg, of: &Scatter<'_>, axes: &[Logarithmic; 2]) {
    let [reference, candidate] = of.thresholds;
    for amount in reference {
        let x = axes[0].at(thousandths(*amount));
        svg.line("threshold", (x, UP.1), (x, UP.0));
        svg.text("small", (x - 4, UP.0 - 8), Anchor::End, &short(thousandths(*amount)));
    }
    for amount in candidate {
        let y = axes[1].at(thousandths(*amount));
        svg.line("threshold", (ACROSS.0, y), (ACROSS.1, y));
        svg.text("small", (ACROSS.0 + 6, y - 4), Anchor::Start, &short(thousandths(*amount)));
    }
    let list = |amounts: &[Exact]| amounts.iter().map(|amount| grouped(*amount)).collect::<Vec<_>>().join(", ");
    if !reference.is_empty() || !candidate.is_empty() {
        let says = "dotted lines: the co-op thresholds";
        svg.text("small", (642, UP.1 + 176), Anchor::Start, says);
        svg.text("small", (658, UP.1 + 194), Anchor::Start, &format!("upright, of the reference: {}", list(reference)));
        svg.text("small", (658, UP.1 + 212), Anchor::Start, &format!("level, of the candidate: {}", list(candidate)));
    }
}

/// How many marks of each kind, and what they add up to.
fn table(of: &Scatter<'_>, points: &[Point]) -> Result<Table, Overflow> {
    let mut table = Table::new(of.title, &["Mark", "Count", "Sum under the reference", "Sum under the candidate"]);
    for (mark, name) in [Mark::Worse, Mark::Better, Mark::Other, Mark::Same].into_iter().zip(of.legend) {
        let these = || points.iter().filter(|point| point.mark == mark);
        let x = these().try_fold(Exact::ZERO, |sum, point| sum.plus(point.x))?;
        let y = these().try_fold(Exact::ZERO, |sum, point| sum.plus(point.y))?;
        let counted = Cell::number(count(these().count()));
        table.row(vec![Cell::text(name), counted, Cell::number(grouped(x)), Cell::number(grouped(y))]);
    }
    Ok(table)
}

//! How changes are spread: partners by the size of their change, in powers of ten either side of nothing.

use super::ImpactPage;
use super::words;
use crate::html::{Cell, Table, figure};
use crate::money::{count, grouped, short, signed, thousandths};
use crate::svg::{Anchor, Svg};
use daybook_replay::{DistributionClass, Measure};

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (30, 1050);
const TOP: i32 = 26;
const BOTTOM: i32 = 170;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    for measure in [Measure::Earned, Measure::Cash, Measure::CoopUsable] {
        let classes: Vec<&DistributionClass> =
            of.impact.distribution.iter().filter(|class| class.measure == measure).collect();
        if classes.iter().any(|class| class.class != 0) {
            one(html, of, measure, &classes);
        }
    }
}

fn one(html: &mut String, of: &ImpactPage<'_>, measure: Measure, classes: &[&DistributionClass]) {
    let title = format!("{}: partners by the size of their change", words::measure(measure));
    let still = classes.iter().find(|class| class.class == 0).map_or(0, |class| class.partners);
    let mut note = format!("{} partners have no change and no bar.", count(still));
    let few = of.impact.concentration.iter().find(|few| few.measure == measure && !few.percent.is_empty());
    if let Some(few) = few {
        note.push_str(&format!(" The {} with the largest change have {} % of all of it.", few.top, few.percent));
    }
    let mut table = Table::new(&title, &["Change per partner", "Partners", "Sum of their changes"]);
    for class in classes {
        table.row(vec![
            Cell::text(range_of(class)),
            Cell::number(count(class.partners)),
            Cell::number(signed(class.amount)),
        ]);
    }
    figure(html, &format!("histogram-{measure}"), &title, &picture(measure, &title, classes), &note, &table);
}

fn range_of(class: &DistributionClass) -> String {
    let (from, below) = (grouped(class.from), grouped(class.below));
    match class.class {
        0 => "no change".to_owned(),
        of if of < 0 => format!("loses {from} to below {below}"),
        _ => format!("gains {from} to below {below}"),
    }
}

fn picture(measure: Measure, title: &str, classes: &[&DistributionClass]) -> String {
    let widest = classes.iter().map(|class| class.class.abs()).max().unwrap_or(1).max(1);
    let most = classes.iter().filter(|class| class.class != 0).map(|class| class.partners).max().unwrap_or(1).max(1);
    let says = format!("Bars on the left are losses, on the right gains; the tallest has {most} partners.");
    let mut svg = Svg::new(&format!("h-{measure}"), title, &says, (WIDTH, BOTTOM + 44));
    let middle = (PLOT.0 + PLOT.1) / 2;
    let step = ((PLOT.1 - PLOT.0) / 2 / widest).min(130);
    svg.line("axis", (middle - step * widest, BOTTOM), (middle + step * widest, BOTTOM));
    svg.line("zero-line", (middle, TOP - 10), (middle, BOTTOM + 6));
    svg.text("small", (middle - 10, TOP - 2), Anchor::End, "lose");
    svg.text("small", (middle + 10, TOP - 2), Anchor::Start, "gain");
    for class in (1..=widest).flat_map(|class| [-class, class]) {
        let (near, far) = (middle + (class - class.signum()) * step, middle + class * step);
        let below = 10_i128.pow(class.unsigned_abs() - 1) * crate::money::UNIT;
        svg.text("small", (far, BOTTOM + 18), Anchor::Middle, &short(below * i128::from(class.signum())));
        let Some(of) = classes.iter().find(|of| of.class == class) else { continue };
        let height = i32::try_from((BOTTOM - TOP - 18) as usize * of.partners / most).unwrap_or(0).max(2);
        let inset = 6 * class.signum();
        let kind = if class < 0 { "loss" } else { "gain" };
        svg.rect(kind, (near + inset, BOTTOM - height), (far - inset, BOTTOM));
        svg.text("number", ((near + far) / 2, BOTTOM - height - 5), Anchor::Middle, &count(of.partners));
        svg.text("small", ((near + far) / 2, BOTTOM + 36), Anchor::Middle, &short(thousandths(of.amount)));
    }
    svg.text("small", (middle, BOTTOM + 18), Anchor::Middle, "0");
    svg.text("small", (middle, BOTTOM + 36), Anchor::Middle, "sum:");
    svg.finish()
}

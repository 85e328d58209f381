//! `daybook views`: the rows at the head, or at any other coordinates.

use crate::cli::{Cli, ViewName, ViewsArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::{books, window};
use daybook_replay::{Views, ViewsHead, replay};
use daybook_views::ENGINE_SEMANTICS;

pub(crate) fn run(cli: &Cli, arguments: &ViewsArguments) -> Result<(), Failure> {
    let book = books::book(cli.rules.as_deref(), &arguments.book)?;
    let period = arguments.period.as_deref().map(|label| {
        let parsed = book.calendar().period_parse(label);
        parsed.ok_or_else(|| {
            Failure::Input(format!("--period {label:?} is no earning period: write FY22H1 for July to December 2021"))
        })
    });
    let period = period.transpose()?;
    let window = window::read(&cli.ledger, &arguments.window)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let replayed = replay(&window.histories, &book, window.through, threads);
    let head = ViewsHead {
        position: window.position,
        through: window.through,
        root: hex::encode(window.root),
        rule_book: book.terms_hash.clone(),
        engine_semantics: ENGINE_SEMANTICS,
        views_digest: replayed.digest().to_string(),
    };
    let mut views = Views::of(head, replayed, arguments.partner.as_ref());
    if let Some(period) = period {
        views.keep_period(period);
    }
    let versions: Vec<&str> = book.sets.iter().map(|set| set.version.as_str()).collect();
    let about = [
        ("position", views.head.position.to_string()),
        ("through", views.head.through.to_string()),
        ("root", views.head.root.clone()),
        ("rule book", format!("{} ({})", views.head.rule_book, versions.join(", "))),
        ("digest", views.head.views_digest.clone()),
    ];
    output::print(arguments.format.format, &views, &about, &sections(&views, arguments.view)?)
}

fn sections(views: &Views, only: Option<ViewName>) -> Result<Vec<Section>, Failure> {
    let all = [
        (ViewName::Standing, Section::new("standing", &views.standing)?),
        (ViewName::Postings, Section::new("postings", &views.postings)?),
        (ViewName::Lots, Section::new("lots", &views.lots)?),
        (ViewName::Claims, Section::new("claims", &views.claims)?),
        (ViewName::TrueUps, Section::new("true_ups", &views.true_ups)?),
        (ViewName::Payouts, Section::new("payouts", &views.payouts)?),
        (ViewName::Conservation, Section::new("conservation", &views.conservation)?),
        (ViewName::Provisional, Section::new("provisional", &views.provisional)?),
        (ViewName::Findings, Section::new("findings", &views.findings)?),
    ];
    Ok(all.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).map(|(_, section)| section).collect())
}

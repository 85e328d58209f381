//! The one table of what the door answers.
//!
//! The router, the description in OpenAPI's form, the page about the door and the tests are all made of it or held against
//! it.

use super::role::Role;
use super::routes::{Access, Action, Form, Method, Parameter, Place, Route};
use Role::{Auditor, Distributor, Finance, Operator};

const fn named(name: &'static str, flag: &'static str, form: Form, help: &'static str) -> Parameter {
    Parameter { name, place: Place::Named, flag: Some(flag), form, is_required: false, help }
}

const fn needed(name: &'static str, flag: &'static str, form: Form, help: &'static str) -> Parameter {
    Parameter { is_required: true, ..named(name, flag, form, help) }
}

const fn in_path(name: &'static str, help: &'static str) -> Parameter {
    Parameter { name, place: Place::Path, flag: None, form: Form::Number, is_required: true, help }
}

const PARTNER: Parameter = named("partner", "--partner", Form::Id, "Only this partner");
const PARTNER_NEEDED: Parameter = Parameter { is_required: true, help: "The partner", ..PARTNER };
const MONTH: Parameter = named("month", "--month", Form::Text, "The earning month, YYYY-MM");
const MONTH_NEEDED: Parameter = Parameter { is_required: true, ..MONTH };
const THROUGH: Parameter = named("through", "--through", Form::Text, "The last date that has happened, YYYY-MM-DD");
const KNOWN: Parameter =
    named("known_as_of", "--known-as-of", Form::Text, "Only records up to this position, or taken up to this instant");
const BOOK: Parameter = named("book", "--book", Form::Book, "The rule book: current, a version, or either with @DATE");
const SOURCE: Parameter = needed("source", "--source", Form::Id, "The source; of a distributor, one of its own");
const REASON: Parameter = needed("reason", "--reason", Form::Text, "Why");
const APPROVER: Parameter =
    named("approver", "--approver", Form::Text, "Who approves; under four eyes somebody else than the token's name");
const DRY_RUN: Parameter =
    named("dry_run", "--dry-run", Form::Switch, "Say what would happen and what stands against it, and record nothing");
const ENTRY: Parameter = in_path("entry", "The entry's number");

const fn get(
    path: &'static str,
    roles: &'static [Role],
    action: Action,
    parameters: &'static [Parameter],
    summary: &'static str,
) -> Route {
    Route { method: Method::Get, path, access: Access::Roles(roles), action, parameters, is_paged: false, summary }
}

const fn paged(
    path: &'static str,
    roles: &'static [Role],
    action: Action,
    parameters: &'static [Parameter],
    summary: &'static str,
) -> Route {
    Route { is_paged: true, ..get(path, roles, action, parameters, summary) }
}

const fn post(
    path: &'static str,
    roles: &'static [Role],
    action: Action,
    parameters: &'static [Parameter],
    summary: &'static str,
) -> Route {
    Route { method: Method::Post, ..get(path, roles, action, parameters, summary) }
}

const fn open(path: &'static str, action: Action, summary: &'static str) -> Route {
    Route { access: Access::Anybody, ..get(path, &[], action, &[], summary) }
}

/// Every route.
pub static ROUTES: &[Route] = &[
    open("/livez", Action::Live, "200 while the process answers"),
    open("/healthz", Action::Live, "The same"),
    open(
        "/readyz",
        Action::Ready,
        "200 while inputs are taken in and neither ledger nor views are far behind, else 503",
    ),
    Route {
        access: Access::LoopbackOr(&[Auditor, Operator]),
        ..get("/metrics", &[], Action::Metrics, &[], "The figures of the service, in the OpenMetrics text form")
    },
    get("/v1/openapi.json", Role::ALL, Action::OpenApi, &[], "This table, in OpenAPI's form"),
    get("/v1/head", Role::ALL, Action::Head, &[], "The ledger's newest position, and the root there"),
    get(
        "/v1/records/{position}",
        &[Auditor],
        Action::Record,
        &[in_path("position", "The record's position")],
        "One record, as it was taken in",
    ),
    post("/v1/events", &[Distributor], Action::Events, &[], "Takes events in, NDJSON, all of the caller's own sources"),
    get(
        "/v1/receipts",
        &[Distributor, Auditor, Operator],
        Action::Verb(&["receipt"]),
        &[SOURCE, named("event", "--event", Form::Id, "The event's id; the whole source where left out")],
        "What became of an event; or what is missing of a source, by its own numbers and manifests",
    ),
    get(
        "/v1/lines",
        &[Distributor],
        Action::OwnLines,
        &[PARTNER_NEEDED, MONTH_NEEDED, THROUGH, KNOWN],
        "A partner's lines of the caller's own sources in a month, and what each contributes",
    ),
    paged(
        "/v1/views",
        &[Auditor, Finance],
        Action::Verb(&["views"]),
        &[
            PARTNER,
            named("period", "--period", Form::Text, "Only this earning period, such as FY22H1"),
            named("view", "--view", Form::Text, "Only this view"),
            THROUGH,
            KNOWN,
            BOOK,
        ],
        "The views",
    ),
    get(
        "/v1/explain",
        &[Auditor, Finance],
        Action::Verb(&["explain"]),
        &[
            PARTNER_NEEDED,
            MONTH,
            named("lever", "--lever", Form::Text, "Only this lever of the month"),
            named("lot", "--lot", Form::Text, "The co-op lot, by earning period"),
            named("claim", "--claim", Form::Text, "The claim"),
            named("standing", "--standing", Form::Text, "Where the partner stands on this date"),
            named("payout", "--payout", Form::Text, "The payout of this month"),
            named("event", "--event", Form::Text, "The event, as SOURCE/ID"),
            THROUGH,
            KNOWN,
            BOOK,
        ],
        "A figure, down to its events: one of month, lot, claim, standing, payout or event",
    ),
    paged(
        "/v1/compare",
        &[Finance],
        Action::Verb(&["compare"]),
        &[
            named("reference", "--reference", Form::Book, "The book in force"),
            needed("candidate", "--candidate", Form::Book, "The book proposed"),
            PARTNER,
            THROUGH,
            KNOWN,
            named("keep_closed", "--keep-closed", Form::Switch, "Keep closed months as they were pinned"),
        ],
        "Two rule books over the same records",
    ),
    get(
        "/v1/statement",
        &[Auditor, Finance],
        Action::Verb(&["statement"]),
        &[PARTNER_NEEDED, MONTH_NEEDED, THROUGH, KNOWN],
        "A partner's statement of a month, with its proof",
    ),
    paged(
        "/v1/quarantine",
        &[Auditor, Operator],
        Action::Verb(&["quarantine", "list"]),
        &[
            named(
                "state",
                "--state",
                Form::Text,
                "Only entries of which this became: open, retried, dismissed, corrected",
            ),
            named("reason_code", "--reason-code", Form::Text, "Only entries with this reason"),
            named("source", "--source", Form::Id, "Only entries whose bytes name this source"),
        ],
        "What could not be appended, and what became of it",
    ),
    get(
        "/v1/quarantine/{entry}",
        &[Auditor, Operator],
        Action::Verb(&["quarantine", "show"]),
        &[ENTRY],
        "One entry with its bytes",
    ),
    post(
        "/v1/quarantine/{entry}/retry",
        &[Operator],
        Action::Act(&["quarantine", "retry"]),
        &[ENTRY, REASON, APPROVER, DRY_RUN],
        "Decides that an entry is an event after all: its bytes are judged again",
    ),
    post(
        "/v1/quarantine/{entry}/dismiss",
        &[Operator],
        Action::Act(&["quarantine", "dismiss"]),
        &[ENTRY, REASON, APPROVER, DRY_RUN],
        "Decides that an entry will never be a record",
    ),
    get(
        "/v1/checkpoints",
        &[Auditor, Operator],
        Action::Verb(&["checkpoint", "--list"]),
        &[],
        "The signed checkpoints",
    ),
    get(
        "/v1/checkpoints/{number}",
        &[Auditor, Operator],
        Action::Text(&["checkpoint"]),
        &[Parameter { flag: Some("--show"), ..in_path("number", "The checkpoint's number") }],
        "A checkpoint's signed note",
    ),
    post(
        "/v1/checkpoints",
        &[Operator],
        Action::Make(&["checkpoint"]),
        &[],
        "Signs a checkpoint of the ledger as it is",
    ),
    get(
        "/v1/proofs/inclusion",
        &[Auditor],
        Action::Text(&["prove"]),
        &[
            named("event", "--event", Form::Text, "The event, as SOURCE/ID"),
            named("position", "--position", Form::Number, "The record's position"),
            PARTNER,
            Parameter { help: "The closed month of the partner's statement, YYYY-MM", ..MONTH },
            named(
                "checkpoint",
                "--checkpoint",
                Form::Number,
                "The checkpoint that it is proved to; the newest where left out",
            ),
        ],
        "Proves that a record is in the tree of a checkpoint: of one of event, position, or partner and month",
    ),
    get(
        "/v1/proofs/consistency",
        &[Auditor],
        Action::Text(&["prove"]),
        &[
            needed("from", "--from", Form::Number, "The earlier checkpoint"),
            needed("to", "--to", Form::Number, "The later checkpoint"),
        ],
        "Proves that the ledger at one checkpoint is the beginning of the ledger at another",
    ),
    paged(
        "/v1/rules",
        &[Auditor, Finance, Operator],
        Action::Verb(&["rules", "list"]),
        &[],
        "The versions of the rules, and what is adopted",
    ),
    post(
        "/v1/close",
        &[Finance],
        Action::Act(&["close"]),
        &[
            MONTH_NEEDED,
            REASON,
            APPROVER,
            THROUGH,
            named(
                "override",
                "--override",
                Form::Text,
                "Close though something blocks it, and keep this reason in the record",
            ),
            DRY_RUN,
        ],
        "Pins a month",
    ),
    post(
        "/v1/adoptions",
        &[Operator],
        Action::Act(&["rules", "adopt"]),
        &[
            named("version", "", Form::Book, "The version; every one that is not adopted yet where left out"),
            named("reverse", "--reverse", Form::Id, "Take back the adoption of this event id instead"),
            REASON,
            APPROVER,
        ],
        "Makes versions of the rules the ones in force, or takes that back",
    ),
];

//! The one table of what the door answers: path, method, who may, and what of the request goes into which flag.
//!
//! The router, the description in OpenAPI's form, the page about the door and the tests are all made of it or held against
//! it.

use super::role::Role;
use Role::{Auditor, Distributor, Finance, Operator};

/// How it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does something.
    Post,
}

impl Method {
    /// As the wire writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the door.
    Anybody,
    /// Anybody where there are no tokens (the door is then on loopback), else these roles.
    LoopbackOr(&'static [Role]),
    /// These roles.
    Roles(&'static [Role]),
}

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// That the process answers.
    Live,
    /// Whether figures may be asked for.
    Ready,
    /// The figures of the service itself.
    Metrics,
    /// This table in OpenAPI's form.
    OpenApi,
    /// The ledger's head.
    Head,
    /// One record.
    Record,
    /// Events of the caller's own sources are taken in.
    Events,
    /// What became of the lines of the caller's own sources.
    OwnLines,
    /// A verb of the command line that reads, with `--format json`.
    Verb(&'static [&'static str]),
    /// A verb that does something: signed with the caller's name, by the way into the ledger that the verb has.
    Act(&'static [&'static str]),
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path, between braces.
    Path,
    /// In the query; of a request that does something, in the JSON object of its body.
    Named,
}

/// What a parameter's text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The id of a partner, source or event.
    Id,
    /// A whole number from 0.
    Number,
    /// Any text of one line.
    Text,
    /// A book that the ledger or the binary has: never a file.
    Book,
    /// `true`: the flag stands alone.
    Switch,
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the request.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Its flag on the command line; none for one that stands alone there, or that no verb takes.
    pub flag: Option<&'static str>,
    /// What its text must be.
    pub form: Form,
    /// Whether there is no answer without it.
    pub is_required: bool,
    /// What it means.
    pub help: &'static str,
}

/// One entry of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// How it is asked for.
    pub method: Method,
    /// Its path; a part in braces is a parameter.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What answers.
    pub action: Action,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Whether its lists are answered in pages.
    pub is_paged: bool,
    /// What it is for.
    pub summary: &'static str,
}

impl Route {
    /// Whether somebody of this role may.
    #[must_use]
    pub fn lets_in(&self, role: Role) -> bool {
        match self.access {
            Access::Anybody => true,
            Access::LoopbackOr(roles) | Access::Roles(roles) => roles.contains(&role),
        }
    }

    /// Whether this is the route's path; then the texts of its parts in braces, in order.
    #[must_use]
    pub fn matched<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        let mut values = Vec::new();
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return Some(values),
                (Some(our), Some(their)) if our.starts_with('{') && !their.is_empty() => values.push(their),
                (Some(our), Some(their)) if our == their => {}
                _ => return None,
            }
        }
    }
}

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
        &[SOURCE, needed("event", "--event", Form::Id, "The event's id")],
        "What became of an event",
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
        &[],
        "What could not be appended",
    ),
    get(
        "/v1/quarantine/{entry}",
        &[Auditor, Operator],
        Action::Verb(&["quarantine", "show"]),
        &[ENTRY],
        "One entry with its bytes",
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
            named(
                "dry_run",
                "--dry-run",
                Form::Switch,
                "Say what would be pinned and what blocks it, and record nothing",
            ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_whole() {
        let record = ROUTES.iter().find(|route| route.action == Action::Record).unwrap();
        assert_eq!(record.matched("/v1/records/12"), Some(vec!["12"]));
        for other in ["/v1/records", "/v1/records/", "/v1/records/1/2", "/v1/Records/1", "v1/records/1"] {
            assert_eq!(record.matched(other), None, "{other}");
        }
    }

    #[test]
    fn each_path_and_method_stands_once_and_its_braces_are_parameters() {
        for (at, route) in ROUTES.iter().enumerate() {
            assert!(!ROUTES[..at].iter().any(|before| (before.method, before.path) == (route.method, route.path)));
            let braces = route.path.matches('{').count();
            let in_path = route.parameters.iter().filter(|parameter| parameter.place == Place::Path);
            assert_eq!(in_path.count(), braces, "{}", route.path);
        }
    }

    #[test]
    fn a_distributor_reaches_nothing_that_shows_others() {
        let reached: Vec<&str> =
            ROUTES.iter().filter(|route| route.lets_in(Distributor)).map(|route| route.path).collect();
        assert_eq!(
            reached,
            [
                "/livez",
                "/healthz",
                "/readyz",
                "/v1/openapi.json",
                "/v1/head",
                "/v1/events",
                "/v1/receipts",
                "/v1/lines"
            ]
        );
    }

    #[test]
    fn only_operators_and_finance_do_things_beside_publishing() {
        for route in ROUTES.iter().filter(|route| matches!(route.action, Action::Act(_))) {
            assert_eq!(route.method, Method::Post, "{}", route.path);
            assert!(!route.lets_in(Auditor) && !route.lets_in(Distributor), "{}", route.path);
        }
    }
}

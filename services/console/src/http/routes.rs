//! What a route is: path, method, who may, and what of the request goes into which flag.

use super::role::Role;

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
    /// A verb that reads and prints a text of its own form, such as a proof.
    Text(&'static [&'static str]),
    /// A verb that does something: signed with the caller's name, by the way into the ledger that the verb has.
    Act(&'static [&'static str]),
    /// A verb that does something and that nobody signs by name.
    Make(&'static [&'static str]),
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

#[cfg(test)]
mod tests {
    use super::super::table::ROUTES;
    use super::Role::{Auditor, Distributor};
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
        for route in ROUTES.iter().filter(|route| matches!(route.action, Action::Act(_) | Action::Make(_))) {
            assert_eq!(route.method, Method::Post, "{}", route.path);
            assert!(!route.lets_in(Auditor) && !route.lets_in(Distributor), "{}", route.path);
        }
    }
}

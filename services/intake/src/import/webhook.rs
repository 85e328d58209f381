//! Partner Center's webhooks: notices that something happened. None of them carries an amount, so none is an event.
//!
//! A notice is known by its form, `{EventName, ResourceUri, ResourceName, AuditUri, ResourceChangeUtcDate}`, and by its
//! published name. A name that is not published is an error of the file: what it means is not ours to guess.

use serde::Deserialize;

/// What makes a JSON object a webhook.
#[derive(Deserialize)]
struct Notice {
    #[serde(rename = "EventName", alias = "eventName")]
    name: String,
    #[serde(rename = "ResourceUri", alias = "resourceUri")]
    _resource: String,
}

/// A JSON text that has the form of a webhook.
pub(super) enum Noticed {
    Webhook(Webhook),
    /// Under a name that is not published.
    Unknown(String),
}

/// The webhook that a JSON text is, if it has the form of one.
pub(super) fn noticed(json: &str) -> Option<Noticed> {
    let notice: Notice = serde_json::from_str(json).ok()?;
    Some(Webhook::named(&notice.name).map_or(Noticed::Unknown(notice.name), Noticed::Webhook))
}

/// A webhook with a published name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Webhook {
    name: &'static str,
    about: About,
}

/// What a notice is about, and so what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum About {
    Test,
    Invoice,
    Subscription,
    Usage,
    Fraud,
    Referral,
    Access,
}

impl About {
    fn advice(self) -> &'static str {
        match self {
            Self::Test => "a test of the registration; nothing is to be done",
            Self::Invoice => {
                "an invoice is out: fetch its line items from the notice's ResourceUri, and import them with \
                 --from partner-center"
            }
            Self::Subscription => {
                "names no amount, and may come two days late; the money stands on the invoice: import that when it is out"
            }
            Self::Usage => "a budget was passed; the usage is billed on the invoice: import that when it is out",
            Self::Fraud => {
                "look at the subscription in Partner Center; what it used is billed on the invoice, as any usage"
            }
            Self::Referral => "about leads, which no figure uses; nothing is to be done",
            Self::Access => "about relationships and rights of access, which no figure uses; nothing is to be done",
        }
    }
}

/// Every published name.
const WEBHOOKS: [(&str, About); 21] = [
    ("test-created", About::Test),
    ("invoice-ready", About::Invoice),
    ("subscription-updated", About::Subscription),
    ("usagerecords-thresholdExceeded", About::Usage),
    ("azure-fraud-event-detected", About::Fraud),
    ("referral-created", About::Referral),
    ("referral-updated", About::Referral),
    ("related-referral-created", About::Referral),
    ("related-referral-updated", About::Referral),
    ("reseller-relationship-accepted-by-customer", About::Access),
    ("granular-admin-relationship-approved", About::Access),
    ("granular-admin-relationship-activated", About::Access),
    ("granular-admin-relationship-terminated", About::Access),
    ("granular-admin-relationship-expired", About::Access),
    ("granular-admin-access-assignment-created", About::Access),
    ("granular-admin-access-assignment-activated", About::Access),
    ("granular-admin-access-assignment-updated", About::Access),
    ("granular-admin-access-assignment-deleted", About::Access),
    ("dap-admin-relationship-approved", About::Access),
    ("dap-admin-relationship-terminated", About::Access),
    ("dap-admin-relationship-terminated-by-microsoft", About::Access),
];

impl Webhook {
    /// The webhook of a published name, in any case of letters.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (name, about) = WEBHOOKS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(Self { name, about })
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// What it is about, and what to do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        self.about.advice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_published_name_is_one_webhook_and_says_what_to_do() {
        for (name, about) in WEBHOOKS {
            let webhook = Webhook::named(&name.to_ascii_uppercase()).unwrap();
            assert_eq!((webhook.name(), webhook.advice()), (name, about.advice()));
        }
        assert_eq!(Webhook::named("invoice-paid"), None);
        assert!(Webhook::named("invoice-ready").unwrap().advice().contains("--from partner-center"));
    }
}

//! Subjects: `csp.events.<source>.<partner_id or _>.<kind>`, so that the broker's permissions can hold each source to
//! its own.

use crate::view::View;
use daybook_event::{Envelope, IdError, PartnerId, PayloadKind, SourceId};

/// The stream that holds every event.
pub const STREAM: &str = "CSP_EVENTS";

/// Every subject of the stream.
pub const SUBJECTS_ALL: &str = "csp.events.>";

const PREFIX: &str = "csp.events.";

/// Stands where a partner would: ids cannot be this.
const NO_PARTNER: &str = "_";

/// What a subject says about its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Who publishes.
    pub source: SourceId,
    /// The partner; none for facts of no partner.
    pub partner_id: Option<PartnerId>,
    /// The payload's kind.
    pub kind: PayloadKind,
}

/// Why a text is no subject of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Not five tokens under `csp.events`.
    #[error("the subject {0:?} is not csp.events.<source>.<partner_id or _>.<kind>")]
    Shape(String),
    /// A token is no id.
    #[error("the subject's {token} {error}")]
    Id {
        /// Which token.
        token: &'static str,
        /// What is wrong with it.
        error: IdError,
    },
    /// The last token names no payload.
    #[error("the subject ends in {0:?}, which is no kind of event")]
    Kind(String),
}

/// The subject that an envelope is published on.
#[must_use]
pub fn subject_of(envelope: &Envelope) -> String {
    let source = token_of(envelope.id.source.as_str());
    let partner = envelope.partner_id.as_ref().map_or(NO_PARTNER.to_owned(), |id| token_of(id.as_str()));
    format!("{PREFIX}{source}.{partner}.{}", envelope.payload.kind().as_str())
}

/// Reads a subject.
///
/// # Errors
/// [`SubjectError`] when it has another shape, or a token that is no id or no kind.
pub fn subject_parse(subject: &str) -> Result<Subject, SubjectError> {
    let shape = || SubjectError::Shape(subject.to_owned());
    let tokens: Vec<&str> = subject.strip_prefix(PREFIX).ok_or_else(shape)?.split('.').collect();
    let [source, partner, kind] = tokens[..] else { return Err(shape()) };
    let source = SourceId::parse(&id_of(source)).map_err(|error| SubjectError::Id { token: "source", error })?;
    let partner_id = match partner {
        NO_PARTNER => None,
        token => {
            Some(PartnerId::parse(&id_of(token)).map_err(|error| SubjectError::Id { token: "partner_id", error })?)
        }
    };
    let kind = PayloadKind::parse(kind).ok_or_else(|| SubjectError::Kind(kind.to_owned()))?;
    Ok(Subject { source, partner_id, kind })
}

/// Whether an envelope may have come on this subject.
///
/// # Errors
/// A sentence naming both subjects when they differ: the reason of a quarantine entry.
pub fn subject_agrees(subject: &str, envelope: &Envelope) -> Result<(), String> {
    let expected = subject_of(envelope);
    if subject == expected {
        return Ok(());
    }
    Err(format!("came on the subject {subject:?}, but its envelope belongs on {expected:?}"))
}

/// The same of an envelope read in place, without the sentence.
#[must_use]
pub fn subject_is_of(subject: &str, view: &View<'_>) -> bool {
    let token_is = |token: &str, id: &str| {
        token.len() == id.len()
            && token.bytes().zip(id.bytes()).all(|(token, id)| token == if id == b'.' { b'~' } else { id })
    };
    let Some(tokens) = subject.strip_prefix(PREFIX) else { return false };
    let mut tokens = tokens.splitn(3, '.');
    let (source, partner, kind) = (tokens.next(), tokens.next(), tokens.next());
    source.is_some_and(|source| token_is(source, view.source()))
        && partner.is_some_and(|partner| token_is(partner, view.partner_id().unwrap_or(NO_PARTNER)))
        && kind == Some(view.kind().as_str())
}

/// A dot would split the token; `~` cannot stand in an id, so the way back is plain.
fn token_of(id: &str) -> String {
    id.replace('.', "~")
}

fn id_of(token: &str) -> String {
    token.replace('~', ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary;
    use proptest::prelude::*;

    #[test]
    fn a_dot_in_an_id_is_a_tilde_in_the_subject() {
        let subject = subject_parse("csp.events.contoso~eu.P-AT.license_sale").unwrap();
        assert_eq!(subject.source.as_str(), "contoso.eu");
        assert_eq!(subject.partner_id.unwrap().as_str(), "P-AT");
        assert_eq!(subject.kind, PayloadKind::LicenseSale);
        assert_eq!(subject_parse("csp.events.contoso._.fx_rate").unwrap().partner_id, None);
    }

    #[test]
    fn other_shapes_are_refused_by_name() {
        for odd in ["csp.events.contoso.license_sale", "csp.events.a.b.c.license_sale", "events.a.b.license_sale", ""] {
            assert_eq!(subject_parse(odd), Err(SubjectError::Shape(odd.to_owned())), "{odd}");
        }
        assert!(matches!(subject_parse("csp.events._.p.reversal"), Err(SubjectError::Id { token: "source", .. })));
        assert!(matches!(subject_parse("csp.events.a..reversal"), Err(SubjectError::Id { token: "partner_id", .. })));
        assert_eq!(subject_parse("csp.events.a.b.sale"), Err(SubjectError::Kind("sale".to_owned())));
    }

    proptest! {
        #[test]
        fn a_subject_names_its_envelope_and_no_other(envelope in arbitrary::envelope(), other in arbitrary::envelope()) {
            let subject = subject_of(&envelope);
            let parsed = subject_parse(&subject).unwrap();
            prop_assert_eq!(&parsed.source, &envelope.id.source);
            prop_assert_eq!(&parsed.partner_id, &envelope.partner_id);
            prop_assert_eq!(parsed.kind, envelope.payload.kind());
            prop_assert!(subject_agrees(&subject, &envelope).is_ok());
            let bytes = crate::encode(&envelope);
            prop_assert!(View::of(&bytes).is_none_or(|view| subject_is_of(&subject, &view)));
            let same = parsed.source == other.id.source
                && parsed.partner_id == other.partner_id
                && parsed.kind == other.payload.kind();
            prop_assert_eq!(subject_agrees(&subject, &other).is_ok(), same);
            let bytes = crate::encode(&other);
            let in_place = View::of(&bytes).map(|view| subject_is_of(&subject, &view));
            prop_assert!(in_place.is_none_or(|in_place| in_place == same));
        }
    }
}

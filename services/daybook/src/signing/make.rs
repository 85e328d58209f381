//! Making a checkpoint: what the ledger is now, checked to have grown out of the one before, signed and kept.

use super::control::{Made, Order};
use super::keys::KeyPlace;
use super::stored::{self, Stored};
use crate::closed;
use crate::failure::Failure;
use daybook_event::Position;
use daybook_proof::{
    Checkpoint, ClosedLine, ClosedMonth, KeyName, QuarantineTree, SignedNote, SignerKey, VerifierKey, consistency_path,
    growth_verify,
};
use daybook_store::{Ledger, Snapshot};
use daybook_views::{Closing, Closings};

/// Makes a checkpoint of the ledger as it is. Where nothing came since the last one, that is it.
pub(super) fn make(ledger: &mut Ledger, place: &KeyPlace, order: &Order) -> Result<Made, Failure> {
    let snapshot = ledger.reader().snapshot()?;
    let last = stored::last(&snapshot)?;
    let expected = stored::key_after(&snapshot, last.as_ref().map_or(0, |last| last.number))?;
    let kept = match &expected {
        Some(expected) => place.load_as(expected)?,
        None => place.load()?,
    };
    let origin = origin(&snapshot, last.as_ref(), kept.as_ref(), order)?;
    let mut checkpoint = now(&snapshot, origin.clone(), last.as_ref())?;
    if let Some(last) = last.as_ref().filter(|last| !order.rotate && is_same(&last.checkpoint, &checkpoint)) {
        return Ok(Made { number: last.number, is_new: false, note: last.note.to_string() });
    }
    if let Some(last) = &last {
        grown(&snapshot, last, &checkpoint)?;
    }
    let is_heir = kept.as_ref().is_some_and(|key| is_heir(key, expected.as_ref(), last.as_ref()));
    if let Some(key) = kept.as_ref().filter(|_| !is_heir && !order.rotate) {
        return Err(key_other(key, &origin));
    }
    let key = match kept {
        Some(key) => key,
        // A ledger that has signed before shall not go on under a key that nobody knows, unless somebody says so.
        None if last.is_some() && !order.rotate => return Err(key_lost(&origin)),
        None => place.create(origin.clone())?,
    };
    let next = if order.rotate && is_heir { Some(place.draw(origin)?) } else { None };
    // A key that takes the place of a lost one is named too, though no other vouches for it.
    let named = next.as_ref().or(if last.is_some() && !is_heir { Some(&key) } else { None });
    checkpoint.next_key = named.map(|key| key.public().clone());
    let note = signed(&checkpoint, &key, next.as_ref())?;
    drop(snapshot);
    place.publish(key.public())?;
    if let Some(next) = &next {
        place.publish(next.public())?;
    }
    let number = ledger.checkpoint_add(&note, checkpoint.size)?;
    if next.is_some() {
        place.switch()?;
    }
    Ok(Made { number, is_new: true, note })
}

/// The ledger's name: of the first checkpoint, for good.
fn origin(
    snapshot: &Snapshot,
    last: Option<&Stored>,
    key: Option<&SignerKey>,
    order: &Order,
) -> Result<KeyName, Failure> {
    let asked = order.origin.as_deref().map(KeyName::parse).transpose().map_err(Failure::input)?;
    let of_key = key.map(|key| key.public().name().clone());
    let fixed = last.map(|last| last.checkpoint.origin.clone()).or_else(|| of_key.clone());
    if let (Some(asked), Some(fixed)) = (&asked, &fixed)
        && asked != fixed
    {
        return Err(Failure::Input(format!(
            "--origin {asked}: the ledger is called {fixed} already, and its name never changes"
        )));
    }
    let by_default = || KeyName::parse(&format!("daybook/{}", hex::encode(snapshot.identity().ledger_id)));
    let origin = match fixed.or(asked) {
        Some(origin) => origin,
        None => by_default().map_err(Failure::input)?,
    };
    match of_key {
        Some(name) if name != origin => Err(Failure::Input(format!(
            "the signing key is that of {name}, the ledger is called {origin}: name its own key with --key FILE"
        ))),
        _ => Ok(origin),
    }
}

/// Whether a key may sign after the last checkpoint: it was named for that, or it signed that one itself.
fn is_heir(key: &SignerKey, expected: Option<&VerifierKey>, last: Option<&Stored>) -> bool {
    match (expected, last) {
        (Some(expected), _) => key.public() == expected,
        (None, Some(last)) => last.note.verify_log(&last.checkpoint.origin, std::slice::from_ref(key.public())).is_ok(),
        (None, None) => true,
    }
}

fn key_other(key: &SignerKey, origin: &KeyName) -> Failure {
    Failure::Input(format!(
        "the key with the hash {:08x} did not sign the last checkpoint of {origin}, and no checkpoint says that it takes over: \
         name the key that did with --key FILE; if that is lost for good, --rotate goes on with this one, which verifiers must be told",
        key.public().id()
    ))
}

fn key_lost(origin: &KeyName) -> Failure {
    Failure::Input(format!(
        "the ledger {origin} has signed checkpoints, but its signing key is not there: put signing.key back from where you \
         keep it, or name it with --key FILE; if it is lost for good, --rotate draws another, which verifiers must be told"
    ))
}

/// What the ledger is now.
fn now(snapshot: &Snapshot, origin: KeyName, last: Option<&Stored>) -> Result<Checkpoint, Failure> {
    let head = snapshot.head();
    let quarantine = snapshot.quarantine_frontier()?;
    let tree = QuarantineTree { leaves: quarantine.size(), root: quarantine.root() };
    let since = last.map_or(0, |last| last.checkpoint.size);
    let before = closing_before(snapshot, last.map_or(0, |last| last.number))?;
    let closed = closings_between(snapshot, before, since, head.position.number())?;
    let closed = closed.iter().filter_map(closed_line).collect();
    Ok(Checkpoint::new(origin, head.position.number(), head.root, tree, closed))
}

/// Whether two checkpoints are of the same records and the same quarantine.
fn is_same(last: &Checkpoint, now: &Checkpoint) -> bool {
    (last.size, last.root, last.quarantine) == (now.size, now.root, now.quarantine)
}

/// Checks that the ledger has grown out of its last checkpoint. One that has not was restored or changed: to sign it would
/// be to sign two histories.
fn grown(snapshot: &Snapshot, last: &Stored, now: &Checkpoint) -> Result<(), Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::Input(format!(
            "nothing is signed: the ledger does not continue its checkpoint {}, {why}; run daybook verify",
            last.number
        ))
    };
    let path = consistency_path(&snapshot.tree_nodes(), last.checkpoint.size, now.size)?.unwrap_or_default();
    growth_verify(&last.checkpoint, now, &path).map_err(|why| refused(&why))?;
    if let Some(tree) = last.checkpoint.quarantine
        && snapshot.quarantine_root_at(tree.leaves)? != Some(tree.root)
    {
        return Err(refused(&"whose quarantine was another"));
    }
    Ok(())
}

fn signed(checkpoint: &Checkpoint, key: &SignerKey, next: Option<&SignerKey>) -> Result<String, Failure> {
    let mut note = SignedNote::unsigned(checkpoint.to_string()).map_err(Failure::input)?;
    for key in std::iter::once(key).chain(next) {
        note.sign(key).map_err(Failure::input)?;
    }
    // What is kept must be readable for good.
    let text = note.to_string();
    SignedNote::parse(text.as_bytes()).map_err(Failure::input)?;
    Checkpoint::parse(note.text()).map_err(Failure::input)?;
    Ok(text)
}

/// The closings that count, of the records after one position and up to another. What was closed up to the first is known
/// from the last of them, so that not every record must be looked at again.
fn closings_between(
    snapshot: &Snapshot,
    before: Option<Closing>,
    after: u64,
    to: u64,
) -> Result<Vec<Closing>, Failure> {
    let mut recorded: Vec<Closing> = before.into_iter().collect();
    closed::operators_acts(snapshot, Position::new(after + 1), Position::new(to), |position, envelope| {
        recorded.extend(Closing::of(position, &envelope));
    })?;
    let closings = Closings::of(recorded.into_iter());
    Ok(closings.all().iter().filter(|closing| closing.recorded.number() > after).cloned().collect())
}

/// The last closing that checkpoints up to this one name.
fn closing_before(snapshot: &Snapshot, last: u64) -> Result<Option<Closing>, Failure> {
    for number in (1..=last).rev() {
        let Some(line) = stored::numbered(snapshot, number)?.checkpoint.closed.pop() else { continue };
        let Some(record) = snapshot.record(Position::new(line.position))? else { continue };
        let envelope = daybook_proto::decode(&record.envelope).map_err(Failure::input)?;
        return Ok(Closing::of(record.position, &envelope));
    }
    Ok(None)
}

/// A closing as checkpoints name it; none where its digest is none, which takes a closing that nobody's `close` made.
pub(crate) fn closed_line(closing: &Closing) -> Option<ClosedLine> {
    let digest = |text: &str| hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    Some(ClosedLine {
        month: ClosedMonth::parse(&closing.month.to_string())?,
        position: closing.recorded.number(),
        statement_digest: digest(&closing.statement_digest)?,
        views_digest: digest(&closing.views_digest),
    })
}

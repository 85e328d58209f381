//! Records of no partner as they lie in a run: position, length and envelope, one behind the other.

use super::ColumnsFault;
use daybook_event::{Envelope, Position};
use daybook_store::Run;

/// Position and length before each envelope.
const HEAD_BYTES: usize = 16;

pub(super) fn shared_push(shared: &mut Vec<u8>, position: Position, envelope: &[u8]) {
    shared.extend_from_slice(&position.number().to_le_bytes());
    shared.extend_from_slice(&(envelope.len() as u64).to_le_bytes());
    shared.extend_from_slice(envelope);
}

/// Visits the records up to a position, in order.
pub(super) fn shared_visit(
    run: Option<&Run>,
    mut shared: &[u8],
    until: Position,
    visit: &mut impl FnMut(Position, Envelope),
) -> Result<(), ColumnsFault> {
    while !shared.is_empty() {
        let damaged = || match run {
            Some(run) => run.unusable("what is of no partner is damaged".to_owned()).into(),
            None => ColumnsFault::Lines(daybook_views::LinesError::Damaged { what: "a record of no partner" }),
        };
        let (position, envelope, rest) = shared_split(shared).ok_or_else(damaged)?;
        shared = rest;
        if position <= until {
            let envelope =
                daybook_proto::decode(envelope).map_err(|fault| ColumnsFault::Undecodable { position, fault })?;
            visit(position, envelope);
        }
    }
    Ok(())
}

fn shared_split(shared: &[u8]) -> Option<(Position, &[u8], &[u8])> {
    let (head, rest) = shared.split_first_chunk::<HEAD_BYTES>()?;
    let (position, length) = head.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let (envelope, rest) = rest.split_at_checked(length)?;
    Some((Position::new(u64::from_le_bytes(*position)), envelope, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_off_bytes_are_no_record() {
        let mut shared = Vec::new();
        shared_push(&mut shared, Position::new(3), b"abc");
        assert_eq!(shared_split(&shared), Some((Position::new(3), &b"abc"[..], &b""[..])));
        for bytes in 1..shared.len() {
            assert_eq!(shared_split(&shared[..bytes]), None, "{bytes}");
            let visited = shared_visit(None, &shared[..bytes], Position::new(9), &mut |_, _| ());
            assert!(visited.is_err(), "{bytes}");
        }
    }
}

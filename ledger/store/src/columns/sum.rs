//! The checksum of column files: XXH64, which reads as fast as memory gives. It tells damage, not malice: what a figure is
//! worth is the ledger's two trees' business.

const PRIMES: [u64; 5] =
    [0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5];

/// Bytes that the four lanes take at once.
const STRIPE_BYTES: usize = 32;

fn round(lane: u64, input: u64) -> u64 {
    lane.wrapping_add(input.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

fn merged(hash: u64, lane: u64) -> u64 {
    (hash ^ round(0, lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3])
}

fn avalanche(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
    hash ^ (hash >> 32)
}

/// The hash of all stripes, and what is left behind them.
fn striped(bytes: &[u8]) -> (u64, &[u8]) {
    let (stripes, rest) = bytes.as_chunks::<STRIPE_BYTES>();
    if stripes.is_empty() {
        return (PRIMES[4], rest);
    }
    let mut lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, 0_u64.wrapping_sub(PRIMES[0])];
    for stripe in stripes {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }
    let turned = lanes.iter().zip([1, 7, 12, 18]).fold(0_u64, |sum, (lane, by)| sum.wrapping_add(lane.rotate_left(by)));
    (lanes.into_iter().fold(turned, merged), rest)
}

/// XXH64 with seed 0.
pub(super) fn sum_of(bytes: &[u8]) -> u64 {
    let (mut hash, rest) = striped(bytes);
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash ^= round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIMES[0]);
        hash = hash.rotate_left(23).wrapping_mul(PRIMES[1]).wrapping_add(PRIMES[2]);
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(PRIMES[4]);
        hash = hash.rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    avalanche(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values() {
        let of = |text: &str| format!("{:016x}", sum_of(text.as_bytes()));
        assert_eq!(of(""), "ef46db3751d8e999");
        assert_eq!(of("a"), "d24ec4f1a98c6e5b");
        assert_eq!(of("abc"), "44bc2cf5ad770999");
        assert_eq!(of("The quick brown fox jumps over the lazy dog"), "0b242d361fda71bc");
    }

    #[test]
    fn any_flipped_bit_shows_at_every_length() {
        for length in 0..100_u8 {
            let whole: Vec<u8> = (0..length).collect();
            for bit in 0..usize::from(length) * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(sum_of(&flipped), sum_of(&whole), "{length} {bit}");
            }
        }
    }
}

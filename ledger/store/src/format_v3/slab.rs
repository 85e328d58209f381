//! A slab: some partitions of one run, one after the other. A partition: the entries whose hash begins with its number.
//!
//! An entry is 62 bits: 6 of its bucket and 16 of its tag, which are the bits of the hash behind those of the partition, then 40:
//! as many more bits of the hash as the place within the run's span of positions leaves, then that place. Tags stand in a
//! column of their own, so that they are the filter too: who looks for a name keeps buckets and tags in memory and
//! reads a partition only where a tag is met.

use crate::format_v1::check;

/// Buckets in a partition.
pub(crate) const BUCKETS: usize = 64;
/// The most bytes of a slab of more than one partition: 2^16 less what the storage engine adds.
pub(crate) const SLAB_BYTES_MAX: usize = 65_400;
const SUM_BYTES: usize = 8;
const TAG_BYTES: usize = 2;
const REST_BYTES: usize = 5;
/// Bits behind the tag.
const REST_BITS: u32 = 40;
const REST_MASK: u64 = (1 << REST_BITS) - 1;

/// The key of a slab: level, run within the level, first partition.
pub(crate) type SlabKey = (u8, u64, u32);

/// An entry within its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry(pub(crate) u64);

impl Entry {
    /// Bucket, tag and rest together have so many bits.
    pub(crate) const BITS: u32 = 62;

    pub(crate) fn bucket(self) -> usize {
        usize::try_from(self.0 >> 56).map_or(0, |bucket| bucket & (BUCKETS - 1))
    }

    pub(crate) fn tag(self) -> u16 {
        u16::try_from(self.0 >> REST_BITS & 0xffff).unwrap_or_default()
    }

    fn of(bucket: usize, tag: [u8; TAG_BYTES], rest: [u8; REST_BYTES]) -> Self {
        let mut wide = [0; 8];
        wide[3..].copy_from_slice(&rest);
        let tag = u64::from(u16::from_be_bytes(tag));
        Self((bucket as u64) << 56 | tag << REST_BITS | u64::from_be_bytes(wide))
    }
}

fn domain(of: u8, (level, run, partition): SlabKey) -> [u8; 18] {
    let mut domain = *b"slab..............";
    domain[4] = of;
    domain[5] = level;
    domain[6..14].copy_from_slice(&run.to_be_bytes());
    domain[14..].copy_from_slice(&partition.to_be_bytes());
    domain
}

/// The stored form of a partition from its entries in order: checksum, where each bucket ends, tags, rests. The key names the
/// partition itself.
pub(crate) fn partition_bytes(key: SlabKey, entries: &[Entry]) -> Vec<u8> {
    let mut ends = [0_u32; BUCKETS];
    entries.iter().for_each(|entry| ends[entry.bucket()] += 1);
    let (mut end, is_wide) = (0, entries.len() > usize::from(u16::MAX));
    let mut bytes = Vec::with_capacity(SUM_BYTES + 1 + 4 * BUCKETS + entries.len() * (TAG_BYTES + REST_BYTES));
    bytes.extend_from_slice(&[0; SUM_BYTES]);
    bytes.push(u8::from(is_wide));
    for count in ends {
        end += count;
        let wide = end.to_be_bytes();
        bytes.extend_from_slice(if is_wide { &wide } else { &wide[2..] });
    }
    entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.tag().to_be_bytes()));
    entries.iter().for_each(|entry| bytes.extend_from_slice(&(entry.0 & REST_MASK).to_be_bytes()[3..]));
    let sum = check::<SUM_BYTES>(&domain(b'p', key), &[&bytes[SUM_BYTES..]]);
    bytes[..SUM_BYTES].copy_from_slice(&sum);
    bytes
}

/// Bytes with the checksum of a partition before them, whatever they are.
pub(crate) fn partition_sealed(key: SlabKey, content: &[u8]) -> Vec<u8> {
    [&check::<SUM_BYTES>(&domain(b'p', key), &[content])[..], content].concat()
}

/// A partition, checked and taken apart.
pub(crate) struct Partition<'a> {
    /// Where each bucket ends among the entries.
    pub(crate) ends: [u32; BUCKETS],
    tags: &'a [[u8; TAG_BYTES]],
    rests: &'a [[u8; REST_BYTES]],
}

/// Checks a stored partition; none if damaged.
pub(crate) fn partition_read(key: SlabKey, bytes: &[u8]) -> Option<Partition<'_>> {
    let (sum, content) = bytes.split_first_chunk::<SUM_BYTES>()?;
    if *sum != check::<SUM_BYTES>(&domain(b'p', key), &[content]) {
        return None;
    }
    let (is_wide, rest) = content.split_first()?;
    let width = if *is_wide == 0 { 2 } else { 4 };
    let (stored_ends, columns) = rest.split_at_checked(width * BUCKETS)?;
    let (mut ends, mut last) = ([0; BUCKETS], 0);
    for (end, bytes) in ends.iter_mut().zip(stored_ends.chunks_exact(width)) {
        *end = bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        if *end < last {
            return None;
        }
        last = *end;
    }
    let count = usize::try_from(last).ok()?;
    let (tags, rests) = columns.split_at_checked(count.checked_mul(TAG_BYTES)?)?;
    let (tags, rests) = (tags.as_chunks().0, rests.as_chunks::<REST_BYTES>());
    (rests.0.len() == count && rests.1.is_empty()).then_some(Partition { ends, tags, rests: rests.0 })
}

impl Partition<'_> {
    /// The tags, in order of the entries.
    pub(crate) fn tags(&self) -> impl Iterator<Item = u16> {
        self.tags.iter().map(|tag| u16::from_be_bytes(*tag))
    }

    /// Where the entries of a bucket stand.
    pub(crate) fn bucket(&self, bucket: usize) -> std::ops::Range<usize> {
        let place = |end: u32| usize::try_from(end).unwrap_or(usize::MAX);
        let from = if bucket == 0 { 0 } else { place(self.ends[bucket - 1]) };
        from..place(self.ends[bucket])
    }

    /// The entries of some buckets, in order.
    pub(crate) fn entries(&self, buckets: std::ops::Range<usize>) -> impl Iterator<Item = Entry> {
        buckets
            .flat_map(move |bucket| self.bucket(bucket).map(move |at| Entry::of(bucket, self.tags[at], self.rests[at])))
    }
}

const SLAB_HEAD_BYTES: usize = SUM_BYTES + 4;

/// The stored form of a slab from its partitions: checksum of the head, how many there are, where each ends, and they. The
/// key names the first of them.
pub(crate) fn slab_bytes(key: SlabKey, partitions: &[Vec<u8>]) -> Vec<u8> {
    let total: usize = partitions.iter().map(|partition| partition.len() + 4).sum();
    let mut bytes = Vec::with_capacity(SLAB_HEAD_BYTES + total);
    bytes.extend_from_slice(&[0; SUM_BYTES]);
    bytes.extend_from_slice(&u32::try_from(partitions.len()).unwrap_or(u32::MAX).to_be_bytes());
    let mut end = 0;
    for partition in partitions {
        end += partition.len();
        bytes.extend_from_slice(&u32::try_from(end).unwrap_or(u32::MAX).to_be_bytes());
    }
    let sum = check::<SUM_BYTES>(&domain(b'h', key), &[&bytes[SUM_BYTES..]]);
    bytes[..SUM_BYTES].copy_from_slice(&sum);
    partitions.iter().for_each(|partition| bytes.extend_from_slice(partition));
    bytes
}

/// A slab with its head checked. Each partition is checked when it is read.
pub(crate) struct SlabReader<'a> {
    key: SlabKey,
    ends: &'a [[u8; 4]],
    partitions: &'a [u8],
}

impl<'a> SlabReader<'a> {
    /// None if the head is damaged, or the bytes are more or fewer than it says.
    pub(crate) fn of(key: SlabKey, bytes: &'a [u8]) -> Option<Self> {
        let (sum, content) = bytes.split_first_chunk::<SUM_BYTES>()?;
        let (count, rest) = content.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        let (ends, partitions) = rest.split_at_checked(count.checked_mul(4)?)?;
        let head = content.get(..4 + ends.len())?;
        let ends = ends.as_chunks().0;
        let end = ends.last().map(|end| u32::from_be_bytes(*end))?;
        let is_right = *sum == check::<SUM_BYTES>(&domain(b'h', key), &[head])
            && usize::try_from(end).is_ok_and(|end| end == partitions.len());
        is_right.then_some(Self { key, ends, partitions })
    }

    /// The partition behind its last.
    pub(crate) fn end(&self) -> u32 {
        self.key.2.saturating_add(u32::try_from(self.ends.len()).unwrap_or(u32::MAX))
    }

    /// The stored bytes of a partition; none if it is not in this slab.
    pub(crate) fn bytes(&self, partition: u32) -> Option<&'a [u8]> {
        let at = usize::try_from(partition.checked_sub(self.key.2)?).ok()?;
        let place = |at: usize| usize::try_from(u32::from_be_bytes(*self.ends.get(at)?)).ok();
        let from = if at == 0 { 0 } else { place(at - 1)? };
        self.partitions.get(from..place(at)?)
    }

    /// A partition, checked; none if it is damaged or not in this slab.
    pub(crate) fn partition(&self, partition: u32) -> Option<Partition<'a>> {
        partition_read((self.key.0, self.key.1, partition), self.bytes(partition)?)
    }
}

//! Prefix codes of a deflate block: lengths from frequencies, codes from lengths.

/// Symbols for literals, the end of a block, and lengths.
pub(super) const LITERALS: usize = 286;
/// Symbols for distances.
pub(super) const DISTANCES: usize = 30;
/// Bits of a code at most.
pub(super) const LONGEST: usize = 15;

/// Lengths of an optimal prefix code for these frequencies, of at most `longest` bits; 0 for what does not occur.
///
/// Huffman's two queues: leaves in rising order, and inner nodes, which come in rising order by themselves. Where the
/// tree is too deep, leaves are moved up to `longest` and others down until the code is complete again.
pub(super) fn lengths(frequencies: &[u32], longest: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut leaves: Vec<(u32, usize)> =
        frequencies.iter().enumerate().filter(|&(_, &n)| n > 0).map(|(symbol, &n)| (n, symbol)).collect();
    leaves.sort_unstable();
    let n = leaves.len();
    if n < 2 {
        for (_, symbol) in leaves {
            lengths[symbol] = 1;
        }
        return;
    }
    let mut weights: Vec<u64> = leaves.iter().map(|&(n, _)| u64::from(n)).collect();
    let mut parents = vec![0; 2 * n - 1];
    let (mut leaf, mut inner) = (0, n);
    for node in n..2 * n - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let least =
                if leaf < n && (inner == node || weights[leaf] <= weights[inner]) { &mut leaf } else { &mut inner };
            weight += weights[*least];
            parents[*least] = node;
            *least += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0; 2 * n - 1];
    let mut counts = [0usize; LONGEST + 1];
    for node in (0..2 * n - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < n {
            counts[depths[node].min(longest)] += 1;
        }
    }
    // In units of the longest code: how much of all codes is used.
    let mut used: usize = (1..=longest).map(|length| counts[length] << (longest - length)).sum();
    while used > 1 << longest {
        // One of the longest goes beside a shorter one, which is made one longer.
        counts[longest] -= 1;
        let shorter = (1..longest).rev().find(|&length| counts[length] > 0).expect("a code of one length is complete");
        counts[shorter] -= 1;
        counts[shorter + 1] += 2;
        used -= 1;
    }
    let mut rarest = leaves.iter();
    for length in (1..=longest).rev() {
        for &(_, symbol) in rarest.by_ref().take(counts[length]) {
            lengths[symbol] = length as u8;
        }
    }
}

/// The codes of these lengths, bits in the order in which they are sent.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut next = [0u16; LONGEST + 2];
    lengths.iter().filter(|&&length| length > 0).for_each(|&length| next[usize::from(length) + 1] += 1);
    for length in 1..LONGEST {
        next[length + 1] = (next[length] + next[length + 1]) << 1;
    }
    // `next[n]` is now the first code of `n` bits.
    for (code, &length) in codes.iter_mut().zip(lengths).filter(|&(_, &length)| length > 0) {
        let first = &mut next[usize::from(length)];
        *code = first.reverse_bits() >> (16 - u16::from(length));
        *first += 1;
    }
}

// Entry `position` of a permutation; PACKED: two 16-bit entries a word, the first in the lower bits.
fn entry(position: u32) -> u32 {
  if (PACKED) {
    return (permutation[position / 2u] >> (16u * (position % 2u))) & 0xffffu;
  }
  return permutation[position];
}

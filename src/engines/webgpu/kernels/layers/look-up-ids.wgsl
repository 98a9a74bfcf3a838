// y[index] = table[ids[index]]
fn element(index: u32) {
  y[index] = table[ids[index]];
}

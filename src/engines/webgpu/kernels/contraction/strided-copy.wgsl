// destination[i0, i1, i2, i3] = finish(source[i0, i1, i2, i3]), each side with separate strides.
fn element(index: u32) {
  const box = SIZE1 * SIZE2 * SIZE3;
  let i0 = index / box;
  let i3 = index % SIZE3;
  let i2 = index / SIZE3 % SIZE2;
  let i1 = index / (SIZE3 * SIZE2) % SIZE1;
  let at = i0 * DESTINATION0 + i1 * DESTINATION1 + i2 * DESTINATION2 + i3 * DESTINATION3;
  destination[at] = finish(source[i0 * SOURCE0 + i1 * SOURCE1 + i2 * SOURCE2 + i3 * SOURCE3], at % OUTPUTS, at);
}

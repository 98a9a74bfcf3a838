// Position of each id among ascending keys, by bisection; position 0 and present 0 for missing ids.
fn element(index: u32) {
  let wanted = u32(ids[index]);
  var low = 0u;
  var high = uniforms.keyCount;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (keys[middle] < wanted) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  let found = low < uniforms.keyCount && keys[min(low, uniforms.keyCount - 1u)] == wanted;
  positions[index] = select(0, i32(low), found);
  present[index] = select(0.0, 1.0, found);
}

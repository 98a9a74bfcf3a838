// found[n] = entry(ids[n]).
fn element(index: u32) {
  found[index] = i32(entry(u32(ids[index])));
}

// Appends the drawn id to a sequence: it becomes the next token, the sequence is one longer, and the history keeps it.
@compute @workgroup_size(1)
fn main() {
  id[0] = drawn[0];
  history[step[0]] = drawn[0];
  lengths[0] += 1;
  step[0] += 1;
}

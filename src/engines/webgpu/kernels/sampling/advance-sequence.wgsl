// Appends the drawn id to a sequence: it becomes the next token, the sequence is one longer, and the history keeps it.
@group(0) @binding(0) var<storage, read> drawn: array<i32>;
@group(0) @binding(1) var<storage, read_write> id: array<i32>;
@group(0) @binding(2) var<storage, read_write> lengths: array<i32>;
@group(0) @binding(3) var<storage, read_write> step: array<i32>;
@group(0) @binding(4) var<storage, read_write> history: array<i32>;

@compute @workgroup_size(1)
fn main() {
  id[0] = drawn[0];
  history[step[0]] = drawn[0];
  lengths[0] += 1;
  step[0] += 1;
}

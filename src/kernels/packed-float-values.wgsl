// Weight values as float32.
@group(0) @binding(1) var<storage, read> values: array<f32>;

fn valueAt(slot: u32, row: u32, column: u32) -> f32 {
  return values[slot];
}

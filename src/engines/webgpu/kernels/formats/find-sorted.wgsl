// Where each id stands among ascending keys, by bisection: position 0 and present 0 for those that are not there.
@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> positions: array<i32>;
@group(0) @binding(3) var<storage, read_write> present: array<f32>;

struct Uniforms {
  count: u32,
  keyCount: u32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

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

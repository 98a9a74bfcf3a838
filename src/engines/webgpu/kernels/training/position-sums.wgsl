// y[position] = sum over the batch of x[sequence * length + position], 0 from length on; an invocation a lane of one position.
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;

struct Uniforms {
  batch: u32,
  length: u32,
  positions: u32,
  // Lanes of a row.
  lanes: u32,
}
@group(0) @binding(2) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let ofSequence = uniforms.length * uniforms.lanes;
  var sum = Lane();
  if (index < ofSequence) {
    for (var sequence = 0u; sequence < uniforms.batch; sequence++) {
      sum += x[sequence * ofSequence + index];
    }
  }
  y[index] = sum;
}

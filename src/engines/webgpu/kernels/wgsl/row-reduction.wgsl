// Reductions over rows of logits, one workgroup per row: each thread goes over its share, then the shares are merged.

// First index of a row in its buffer, and the one after its last.
struct Row {
  begin: u32,
  end: u32,
}

// Far below any logit, but finite, because WGSL may assume no infinities.
const LOWEST = -1e38;

fn greatestOf(quad: vec4f) -> f32 {
  return max(max(quad.x, quad.y), max(quad.z, quad.w));
}

fn sumOf(quad: vec4f) -> f32 {
  return dot(quad, vec4f(1.0));
}

// Column of the first of the values in a quad that is equal to `value`; one of the row's in any
// case, also where no logit is a number.
fn columnOf(value: f32, quad: u32, values: vec4f, row: Row) -> u32 {
  let component = min(countTrailingZeros(dot(vec4u(values == vec4f(value)), vec4u(1u, 2u, 4u, 8u))), 3u);
  return clamp(quad * 4u + component, row.begin, row.end - 1u) - row.begin;
}

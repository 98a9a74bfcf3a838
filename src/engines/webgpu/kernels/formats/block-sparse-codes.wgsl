// The four codes from slot 4 * `at` on, which stand in one word.
fn fourCodes(at: u32) -> vec4f {
  let word = codeWords[at * BITS / 8u] >> (at * BITS % 8u * 4u);
  let raised = vec4u(word) << (vec4u(32u - BITS) - vec4u(0u, 1u, 2u, 3u) * BITS);
  if (SIGNED) {
    return vec4f(bitcast<vec4i>(raised) >> vec4u(32u - BITS));
  }
  return vec4f(raised >> vec4u(32u - BITS));
}

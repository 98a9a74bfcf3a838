import type * as tf from '@tensorflow/tfjs';
import type { QuadForm } from '../products/token-tile';

/**
 * Quad form of a bitmask with float32 values, for many tokens. Every column reads a value, even a missing one, because
 * neighbouring lanes seldom take the same branch.
 * @param mask [rows, ceil(width / 32)] words; @param firstSlots [rows]
 */
export function sparseQuadForm(
  values: tf.Tensor,
  mask: tf.Tensor,
  firstSlots: tf.Tensor,
  width: number,
): QuadForm {
  return {
    name: 'sparse',
    inputs: [
      { name: 'values', type: 'array<f32>', tensor: values },
      { name: 'mask', type: 'array<u32>', tensor: mask },
      { name: 'firstSlots', type: 'array<u32>', tensor: firstSlots },
    ],
    declarations: `fn sparseQuad(slot: ptr<function, u32>, bits: vec4u) -> vec4f {
  let present = bits != vec4u();
  let counts = select(vec4u(), vec4u(1u), present);
  let second = *slot + counts.x;
  let third = second + counts.y;
  let fourth = third + counts.z;
  let found = vec4f(values[*slot], values[second], values[third], values[fourth]);
  *slot = fourth + counts.w;
  return select(vec4f(), found, present);
}`,
    rowState: (r) => `  var slot${r} = firstSlots[row${r}];
  let words${r} = row${r} * ${Math.ceil(width / 32)}u;`,
    quadSource: `    let word = quad / 8u;
    let bits = vec4u(1u, 2u, 4u, 8u) << vec4u(quad % 8u * 4u);`,
    rowQuad: (r) => `sparseQuad(&slot${r}, vec4u(mask[words${r} + word]) & bits)`,
  };
}

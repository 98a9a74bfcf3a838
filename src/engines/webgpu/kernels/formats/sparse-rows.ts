import type * as tf from '@tensorflow/tfjs';
import type { RowDecoder } from '../products/decoded-matrix';
import type { RowForm } from '../products/row-product';
import type { BoundBuffer } from '../wgsl/bound-buffers';

const COLUMNS_OF_A_WORD = 32;

/**
 * Row decoder of a bitmask with float32 values, for few tokens, iterating over the set bits in time proportional to the
 * stored values. Each value and its activation are read singly: on SwiftShader, a row with a tenth of its values takes about
 * as long as a dense one. A lane processes its rows from the first word on.
 *
 * @param mask [rows, width / 32] words; @param firstSlots [rows]
 * @returns undefined if rows are not multiples of a word
 */
export function sparseRowDecoder(
  values: tf.Tensor,
  mask: tf.Tensor,
  firstSlots: tf.Tensor,
  width: number,
): RowDecoder | undefined {
  if (width % COLUMNS_OF_A_WORD !== 0) return undefined;
  const inputs: BoundBuffer[] = [
    { name: 'values', type: 'array<f32>', tensor: values },
    { name: 'mask', type: 'array<i32>', tensor: mask },
    { name: 'firstSlots', type: 'array<u32>', tensor: firstSlots },
  ];
  return { inputs, readsActivations: true, form: () => rowForm(inputs, width / COLUMNS_OF_A_WORD) };
}

/**
 * Two bits per iteration: iterations are expensive on a software adapter, and lanes that run together need different numbers
 * of them.
 */
function rowForm(inputs: RowForm['inputs'], words: number): RowForm {
  return {
    name: 'sparse',
    inputs,
    columnsPerStep: COLUMNS_OF_A_WORD,
    declarations: `// The activation at a bit that stands alone in a word. Its place is read from the exponent of its float32; adding 2^23
// makes an integer of that, which costs less than a conversion that must clamp. The sign is that of the highest bit.
fn activationAt(firstQuad: u32, bit: i32) -> f32 {
  let exponent = bitcast<i32>(f32(bit)) & 0x7f800000;
  let column = bitcast<u32>(f32(exponent) * 0x1p-23f + 8388608.0) - 0x4b00007fu;
  return x[firstQuad + (column >> 2u)][column & 3u];
}`,
    stepSource: `    let firstQuad = start + step * ${COLUMNS_OF_A_WORD / 4}u;`,
    rowState: (r) => `  var slot${r} = firstSlots[row${r}];`,
    rowStep: (r) => `    var bits${r} = mask[row${r} * ${words}u + step];
    while (bits${r} != 0) {
      let bit = bits${r} & -bits${r};
      bits${r} ^= bit;
      sum${r} += values[slot${r}] * activationAt(firstQuad, bit);
      let next = bits${r} & -bits${r};
      bits${r} ^= next;
      sum${r} += select(0.0, values[slot${r} + 1u] * activationAt(firstQuad, next), next != 0);
      slot${r} += select(1u, 2u, next != 0);
    }`,
  };
}

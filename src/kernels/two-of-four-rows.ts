import type * as tf from '@tensorflow/tfjs';
import type { RowDecoder } from './decoded-matrix';
import type { RowForm } from './row-product';

/** Columns whose indices make one word: 8 groups of 4, two indices of 2 bits each. */
const COLUMNS_OF_A_WORD = 32;
/** Reads of four values for them. */
const READS = 4;

/**
 * Rows of 2:4 sparsity with float32 values for few tokens, 32 columns at a time.
 *
 * Each value meets the activation that its index selects from three: the first of a group stands at place 0, 1 or 2, the second
 * at 1, 2 or 3. Selection is by the parabola through the three activations, evaluated at the index: two
 * multiplications and additions for all rows of a step take the place of comparisons and selections, which cost a software
 * adapter twice as much. It rounds as the product with a dense row does, relative to the greatest activation of its group.
 * The index stays where it stands in the word, 4^slot times too large; the coefficients are made as much smaller.
 *
 * @param values [rows, width / 2]; @param indices [rows, width / 32] words
 */
export function twoOfFourRowDecoder(
  values: tf.Tensor,
  indices: tf.Tensor,
  width: number,
): RowDecoder | undefined {
  if (width % COLUMNS_OF_A_WORD !== 0) return undefined;
  const inputs = [
    { name: 'values', type: 'array<vec4f>', tensor: values },
    { name: 'indices', type: 'array<i32>', tensor: indices },
  ];
  return { inputs, form: () => rowForm(inputs, width) };
}

function rowForm(inputs: RowForm['inputs'], width: number): RowForm {
  const words = width / COLUMNS_OF_A_WORD;
  return {
    name: '2-of-4',
    inputs,
    columnsPerStep: COLUMNS_OF_A_WORD,
    stepSource: range(READS).map(coefficientSource).join('\n'),
    rowState: (r) => `  let words${r} = row${r} * ${words}u;`,
    rowStep: (r) => {
      const products = range(READS).flatMap((k) => [
        `    let i${r}_${k} = vec4f(word${r} & vec4i(${masks(k).join(', ')}));`,
        `    sum${r} += dot(values[at${r} + ${k}u], near${k} + i${r}_${k} * (slope${k} + i${r}_${k} * bend${k}));`,
      ]);
      return [
        `    let word${r} = vec4i(indices[words${r} + step] ^ ${FLIPPED});`,
        `    let at${r} = (words${r} + step) * ${READS}u;`,
        ...products,
      ].join('\n');
    },
  };
}

/**
 * Bits of the indices that are turned over: of the second values both, so that places 3, 2, 1 are 0, 1, 2; of the last one,
 * whose field has the word's sign, the higher only, so that places 1, 2, 3 are −1, 0, 1.
 */
const FLIPPED = 0x8ccccccc | 0;

/** Fields of the slots 4k to 4k + 3. */
function masks(k: number): number[] {
  return range(4).map((lane) => 3 << (2 * (4 * k + lane)));
}

/** WGSL of the parabolas that the slots 4k to 4k + 3 select by: near + index · (slope + index · bend). */
function coefficientSource(k: number): string {
  const [first, second] = [`x${2 * k}`, `x${2 * k + 1}`];
  const hasLast = k === READS - 1;
  const lanes = (parts: string, last: string) => {
    const [a, b] = parts;
    return `vec4f(${first}.${a}, ${first}.${b}, ${second}.${a}, ${second}.${hasLast ? last : b})`;
  };
  const scales = (power: number) =>
    `vec4f(${range(4)
      .map((lane) => `0x1p-${2 * power * (4 * k + lane)}f`)
      .join(', ')})`;
  return [
    // The activations at index 0, 1 and 2; for the last slot at 0, 1 and −1.
    `    let near${k} = ${lanes('xw', 'z')};`,
    `    let middle${k} = ${lanes('yz', 'w')};`,
    `    let half${k} = 0.5 * (${lanes('xw', 'y')} + ${lanes('zy', 'w')}) - ${lanes('yz', 'z')};`,
    `    let slope${k} = (middle${k} - near${k} - half${k}) * ${scales(1)};`,
    `    let bend${k} = half${k} * ${scales(2)};`,
  ].join('\n');
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

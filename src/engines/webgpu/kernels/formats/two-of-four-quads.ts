import type * as tf from '@tensorflow/tfjs';
import { type PackedValueBuffers, packedValueInputs, zeroPointSource } from './packed-values';
import { flippedBits } from './quantized-rows';
import type { QuadForm } from '../products/token-tile';

const SCATTER = `// Four weights of a group from its two values and four bits of indices, those of the first value lowest.
fn twoOfFour(pair: vec2f, places: u32) -> vec4f {
  let first = places & 3u;
  let second = places & 12u;
  return vec4f(
    select(0.0, pair.x, first == 0u),
    select(select(0.0, pair.x, first == 1u), pair.y, second == 4u),
    select(select(0.0, pair.x, first == 2u), pair.y, second == 8u),
    select(0.0, pair.y, second == 12u),
  );
}`;

/**
 * Quad form of 2:4 sparsity, for many tokens, one group per quad, with float32 values or 8-bit codes.
 * @param values [rows, width / 2]; @param indices packed, 2 bits each
 * @returns undefined if the codes have another size, or a group has several scales
 */
export function twoOfFourQuadForm(
  values: PackedValueBuffers,
  indices: tf.Tensor,
  width: number,
): QuadForm | undefined {
  const { grid } = values;
  if (grid && (grid.bits !== 8 || (grid.groupsPerRow > 1 && grid.groupSize % 4 !== 0))) return undefined;
  const pairs = grid ? codePairs(values) : floatPairs;
  return {
    name: '2-of-4',
    inputs: [
      ...packedValueInputs(values, grid ? 'array<i32>' : 'array<vec2f>'),
      { name: 'indices', type: 'array<u32>', tensor: indices },
    ],
    declarations: [SCATTER, pairs.declarations].join('\n'),
    rowState: (r) => [`  let group${r} = row${r} * ${width / 4}u;`, pairs.rowState(r)].join('\n'),
    rowQuad: (r) => {
      const group = `(group${r} + quad)`;
      return `twoOfFour(${pairs.pair(r, group)}, indices[${group} / 8u] >> (${group} % 8u * 4u))`;
    },
  };
}

/** Source of a group's two values. */
interface Pairs {
  readonly declarations: string;
  rowState(r: number): string;
  /** A vec2f expression. @param group number of the group in the whole matrix */
  pair(r: number, group: string): string;
}

const floatPairs: Pairs = {
  declarations: '',
  rowState: () => '',
  pair: (_, group) => `values[${group}]`,
};

/** A word holds two pairs; the code with the word's sign is the second of the second pair (see `quantized-rows.ts`). */
function codePairs({ grid, zeroPoints }: PackedValueBuffers): Pairs {
  const { signed, groupsPerRow, groupSize } = grid!;
  const isGrouped = groupsPerRow > 1;
  const scaleOf = (r: number) => {
    if (isGrouped) return `row${r} * ${groupsPerRow}u + quad * 4u / ${groupSize}u`;
    return groupsPerRow === 0 ? '0u' : `row${r}`;
  };
  const [low, high] = signed ? ['vec2f(128.0)', 'vec2f(128.0, 0.0)'] : ['vec2f()', 'vec2f(0.0, -128.0)'];
  return {
    declarations: `${zeroPointSource(zeroPoints !== undefined)}
fn codePair(word: i32, isHigh: bool) -> vec2f {
  let moved = word ^ ${flippedBits(grid!)};
  let low = vec2f(vec2i(moved) & vec2i(0xff, 0xff00)) * vec2f(1.0, 0x1p-8f) - ${low};
  let high = vec2f(vec2i(moved) & vec2i(0xff0000, -16777216)) * vec2f(0x1p-16f, 0x1p-24f) - ${high};
  return select(low, high, isHigh);
}`,
    rowState: (r) =>
      isGrouped
        ? ''
        : `  let scale${r} = scales[${scaleOf(r)}];\n  let zero${r} = zeroPointOf(${scaleOf(r)});`,
    pair: (r, group) => {
      const scale = isGrouped ? `scales[${scaleOf(r)}]` : `scale${r}`;
      const zero = isGrouped ? `zeroPointOf(${scaleOf(r)})` : `zero${r}`;
      return `(codePair(codeWords[${group} / 2u], (${group} & 1u) == 1u) - vec2f(${zero})) * ${scale}`;
    },
  };
}

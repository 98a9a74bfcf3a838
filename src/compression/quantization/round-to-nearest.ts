import { z } from 'zod';
import type { QuantizationScheme } from '../../weights/quantization';
import { quantizeWeight } from '../../weights/quantize-weight';
import { type MatrixMethod, RecipeError, type TargetMatrix } from '../method';
import { parameter } from '../../parameters/parameter';
import { bitsParameter, groupSizeParameter, symmetricParameter } from './quantization-parameters';

const schema = z.strictObject({
  bits: bitsParameter(8),
  strategy: parameter(z.enum(['tensor', 'channel', 'group']).default('channel'), {
    label: 'One scale for',
    labels: { tensor: 'the whole matrix', channel: 'each output row', group: 'a group of inputs' },
    help: 'Finer scales are more accurate and cost 4 bytes each.',
  }),
  groupSize: groupSizeParameter('Only for groups.'),
  symmetric: symmetricParameter(true),
});

type Parameters = z.infer<typeof schema>;

/** Quantization by rounding each weight to the nearest code, without data. */
export const roundToNearest: MatrixMethod<Parameters> = {
  id: 'round-to-nearest',
  title: 'Round to nearest',
  paper:
    'Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", section 2.1',
  summary:
    'Stores each weight as an integer of 8, 4, 3 or 2 bits, with scales per tensor, output channel or group of inputs.',
  appliesTo: 'values',
  schema,

  async compress(target, parameters) {
    return quantizeWeight(target.weight, target.values, schemeFor(target, parameters));
  },
};

function schemeFor({ name, shape }: TargetMatrix, parameters: Parameters): QuantizationScheme {
  const { bits, strategy, groupSize, symmetric } = parameters;
  if (strategy !== 'group') return { bits, strategy, symmetric };
  const [, width] = shape;
  if (groupSize === undefined) {
    throw new RecipeError(`The strategy "group" needs a "groupSize"; ${divisorsInWords(name, width)}.`);
  }
  if (width % groupSize !== 0) {
    throw new RecipeError(
      `Groups of ${groupSize} do not divide the width of ${name}; ${divisorsInWords(name, width)}.`,
    );
  }
  return { bits, strategy, groupSize, symmetric };
}

function divisorsInWords(name: string, width: number): string {
  const divisors = Array.from({ length: width }, (_, index) => index + 1).filter(
    (size) => width % size === 0,
  );
  return `${name} is ${width} wide, which ${divisors.join(', ')} divide`;
}

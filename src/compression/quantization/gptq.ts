import { z } from 'zod';
import { isSparse } from '../../weights/linear-weight';
import { weightOnGrid } from '../../weights/quantize-weight';
import { dampedHessian } from '../calibration/damped-hessian';
import { type GptqScheme, gptqRounding } from './gptq-rounding';
import type { CalibratedMethod, TargetMatrix } from '../method';
import { parameter } from '../../parameters/parameter';
import {
  bitsParameter,
  dampingParameter,
  groupSizeParameter,
  requireGroupsDivide,
  symmetricParameter,
} from './quantization-parameters';

const schema = z.strictObject({
  bits: bitsParameter(4),
  groupSize: groupSizeParameter('Left out: a whole output row.', { initial: 32 }),
  symmetric: symmetricParameter(false, '; a zero point costs a byte'),
  activationOrder: parameter(z.boolean().default(false), {
    label: 'Order of columns',
    labels: { false: 'as they stand', true: 'largest inputs first' },
    help: 'Largest first: the most important columns are rounded while most others can still compensate. Scales of groups are then chosen in advance.',
  }),
  damping: dampingParameter,
});

type Parameters = z.infer<typeof schema>;

/** Quantization column after column, each compensating for the errors of the previous ones. */
export const gptq: CalibratedMethod<Parameters> = {
  id: 'gptq',
  title: 'GPTQ',
  paper:
    'Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", section 3, algorithm 1',
  summary:
    'Rounds the columns one after the other to 8, 4, 3 or 2 bits, and updates the later ones to compensate for each error. Needs a calibration text.',
  appliesTo: 'matrix',
  schema,

  statistics: () => ['hessian'],

  // The Cholesky factor and its inverse, then the sweep.
  multiplications: ([outputs, inputs]) => inputs ** 3 / 3 + (outputs * inputs ** 2) / 2,

  async compressCalibrated(target, statistics, parameters, context) {
    const scheme = schemeFor(target, parameters);
    const { values, shape, weight } = target;
    const stays = isSparse(weight) ? (place: number) => values[place] !== 0 : () => true;
    const hessian = dampedHessian(statistics, parameters.damping);
    const rounded = await gptqRounding(values, shape, hessian, scheme, stays, context);
    return weightOnGrid(weight, rounded.values, rounded.grid);
  },
};

function schemeFor({ name, shape }: TargetMatrix, parameters: Parameters): GptqScheme {
  const { bits, groupSize, symmetric, activationOrder } = parameters;
  // The whole range, as in the authors' code.
  const scheme = { bits, symmetric, symmetricRange: 'whole', activationOrder } as const;
  if (groupSize === undefined) return { ...scheme, strategy: 'channel' };
  requireGroupsDivide(name, shape, groupSize);
  return { ...scheme, strategy: 'group', groupSize };
}

import { z } from 'zod';
import { dampedHessian } from '../damped-hessian';
import { type GptqScheme, gptqRounding } from '../gptq-rounding';
import { type CalibratedMethod, RecipeError, type TargetMatrix } from '../method';
import { storesNoZeros, weightOnGrid } from '../weight-on-grid';

const schema = z.strictObject({
  bits: z.literal([8, 4, 3, 2], { error: 'bits must be 8, 4, 3 or 2' }).default(4),
  groupSize: z.number().int().positive().optional(),
  symmetric: z.boolean().default(false),
  activationOrder: z.boolean().default(false),
  damping: z.number().positive().max(1).default(0.01),
});

type Parameters = z.infer<typeof schema>;

/** Quantization by rounding column after column, each column making up for the errors of those before it. */
export const gptq: CalibratedMethod<Parameters> = {
  id: 'gptq',
  title: 'GPTQ',
  paper:
    'Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", section 3, algorithm 1',
  summary:
    'Rounds the columns one after the other to 8, 4, 3 or 2 bits, and lets the later ones make up for the error of each. Needs a calibration text.',
  appliesTo: 'matrix',
  fields: {
    bits: {
      kind: 'choice',
      label: 'Bits',
      options: [
        { value: 8, label: '8' },
        { value: 4, label: '4' },
        { value: 3, label: '3' },
        { value: 2, label: '2' },
      ],
      default: 4,
      help: 'Codes follow each other without gaps: 32 of them take 32, 16, 12 or 8 bytes.',
    },
    groupSize: {
      kind: 'number',
      label: 'Group size',
      min: 1,
      max: 4096,
      step: 1,
      default: 32,
      optional: true,
      unit: 'inputs',
      help: 'Weights along the input dimension that share a scale; must divide the width. Left out: a whole output row.',
    },
    symmetric: {
      kind: 'choice',
      label: 'Range',
      options: [
        { value: false, label: 'asymmetric (zero point)' },
        { value: true, label: 'symmetric' },
      ],
      default: false,
      help: 'Asymmetric uses the whole range of codes where weights lean to one side; a zero point costs a byte.',
    },
    activationOrder: {
      kind: 'choice',
      label: 'Order of columns',
      options: [
        { value: false, label: 'as they stand' },
        { value: true, label: 'largest inputs first' },
      ],
      default: false,
      help: 'Largest first: what matters most is rounded while most columns can still make up for it. Scales of groups are then chosen before.',
    },
    damping: {
      kind: 'number',
      label: 'Damping',
      min: 0.001,
      max: 1,
      step: 0.001,
      default: 0.01,
      help: 'Share of the mean of the Hessian’s diagonal that is added to the diagonal.',
    },
  },
  schema,

  statistics: () => ['hessian'],

  // The Cholesky factor and its inverse, then the sweep.
  multiplications: ([outputs, inputs]) => inputs ** 3 / 3 + (outputs * inputs ** 2) / 2,

  async compressCalibrated(target, statistics, parameters, context) {
    const scheme = schemeFor(target, parameters);
    const { values, shape, weight } = target;
    const stays = storesNoZeros(weight) ? (place: number) => values[place] !== 0 : () => true;
    const hessian = dampedHessian(statistics, parameters.damping);
    const rounded = await gptqRounding(values, shape, hessian, scheme, stays, context);
    return weightOnGrid(weight, rounded.values, rounded.grid);
  },
};

function schemeFor({ name, shape }: TargetMatrix, parameters: Parameters): GptqScheme {
  const { bits, groupSize, symmetric, activationOrder } = parameters;
  // The whole range, as the authors' code has it.
  const scheme = { bits, symmetric, symmetricRange: 'whole', activationOrder } as const;
  if (groupSize === undefined) return { ...scheme, strategy: 'channel' };
  const [, width] = shape;
  if (width % groupSize !== 0) {
    throw new RecipeError(
      `Groups of ${groupSize} do not divide the width of ${name}; choose a "groupSize" that divides ${width}.`,
    );
  }
  return { ...scheme, strategy: 'group', groupSize };
}

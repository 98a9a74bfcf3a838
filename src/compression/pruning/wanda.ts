import { z } from 'zod';
import { yielding } from '../../linalg/long-task';
import { roundHalfToEven } from '../../weights/quantization';
import type { CalibratedMethod } from '../method';
import { markLeast, markLeastOfGroups } from './saliency';
import {
  checkSparsity,
  groupPatternOf,
  PATTERN_PARAMETERS,
  requireWholeGroups,
  storePruned,
} from './sparsity-pattern';

const schema = z.strictObject(PATTERN_PARAMETERS);

type Parameters = z.infer<typeof schema>;

/** Pruning by weights and activations: removes from each output row the weights of least magnitude times input norm. */
export const wanda: CalibratedMethod<Parameters> = {
  id: 'wanda',
  title: 'Wanda',
  paper:
    'Sun et al. 2023, "A Simple and Effective Pruning Approach for Large Language Models", section 3, equation 1',
  summary:
    'Sets the weights of least |w|·‖x‖ in each output row to zero and leaves the others unchanged; needs a calibration text.',
  appliesTo: 'matrix',
  schema,

  statistics: () => ['inputSquareSums'],

  async compressCalibrated({ name, shape, values }, statistics, { sparsity, pattern }, context) {
    checkSparsity(pattern, sparsity);
    const [outputs, inputs] = shape;
    const groups = groupPatternOf(pattern);
    if (groups) requireWholeGroups(name, inputs, groups);
    const removed = roundHalfToEven((sparsity ?? 0) * inputs);
    const norms = Float64Array.from(statistics.get('inputSquareSums'), Math.sqrt);
    const pruned = values.slice();
    const yieldToEventLoop = yielding(context);
    for (let row = 0; row < outputs; row++) {
      const start = row * inputs;
      const saliencies = norms.map((norm, column) => Math.abs(values[start + column]) * norm);
      const marks = groups
        ? markLeastOfGroups(saliencies, groups.kept, groups.groupSize)
        : markLeast(saliencies, removed);
      for (let column = 0; column < inputs; column++) if (marks[column]) pruned[start + column] = 0;
      await yieldToEventLoop(row / outputs);
    }
    context.onProgress?.(1);
    return storePruned(pruned, shape, groups);
  },
};

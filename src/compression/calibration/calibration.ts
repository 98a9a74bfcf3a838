import type { TokenBatch } from '../../model/model';

/** Sequences for calibration, drawn from a text that no evaluation uses. */
export interface CalibrationSequences {
  /** Name of the text, for messages. */
  readonly text: string;
  readonly batches: readonly CalibrationBatch[];
  /** Id of [MASK], if the tokenizer has one: a masked language model's loss needs it. */
  readonly maskToken?: number;
}

/** A few sequences that run together. */
export interface CalibrationBatch extends TokenBatch {
  /** Label of each sequence, if the text is a labelled set. */
  readonly labels?: Int32Array;
}

/**
 * Statistics of the calibration text at a linear of `in` inputs and `out` outputs, over all its tokens without
 * padding:
 *
 * - `inputSquareSums`: Σ x_j², [in]
 * - `inputAbsoluteSums`: Σ |x_j|, [in]
 * - `inputAbsoluteMaxima`: max |x_j|, [in]
 * - `hessian`: Σ x xᵀ, row-major [in, in], summed in float32; half of the Hessian of the layer's squared error
 * - `outputGram`: Σ y yᵀ of the outputs y = W x without bias, row-major [out, out]
 */
export type CalibrationStatistic =
  'inputSquareSums' | 'inputAbsoluteSums' | 'inputAbsoluteMaxima' | 'hessian' | 'outputGram';

/** Gathered statistics of one linear. */
export class LinearStatistics {
  /** @param tokens number of tokens */
  constructor(
    readonly tokens: number,
    private readonly values: ReadonlyMap<CalibrationStatistic, Float32Array>,
  ) {}

  /** @throws Error for a statistic that the method did not declare */
  get(statistic: CalibrationStatistic): Float32Array {
    const values = this.values.get(statistic);
    if (!values) throw new Error(`The statistic ${statistic} was not requested.`);
    return values;
  }
}

/** Statistics of given inputs, in float64, for tests and closed forms. @param inputs row-major [tokens, in] */
export function statisticsOf(inputs: Float32Array, width: number): LinearStatistics {
  const tokens = inputs.length / width;
  const squares = new Float64Array(width);
  const absolute = new Float64Array(width);
  const maxima = new Float32Array(width);
  const hessian = new Float64Array(width * width);
  for (let token = 0; token < tokens; token++) {
    const x = inputs.subarray(token * width, (token + 1) * width);
    for (let row = 0; row < width; row++) {
      squares[row] += x[row] * x[row];
      absolute[row] += Math.abs(x[row]);
      maxima[row] = Math.max(maxima[row], Math.abs(x[row]));
      for (let column = 0; column < width; column++) hessian[row * width + column] += x[row] * x[column];
    }
  }
  return new LinearStatistics(
    tokens,
    new Map<CalibrationStatistic, Float32Array>([
      ['inputSquareSums', Float32Array.from(squares)],
      ['inputAbsoluteSums', Float32Array.from(absolute)],
      ['inputAbsoluteMaxima', maxima],
      ['hessian', Float32Array.from(hessian)],
    ]),
  );
}

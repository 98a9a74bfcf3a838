import type { z } from 'zod';
import type { LongTask } from '../linalg/long-task';
import type { AttentionRole, Model, ModelConfig } from '../model/model';
import type { TrainingContext } from '../train/training-context';
import type { LinearWeight } from '../weights/linear-weight';
import type { CalibrationSequences, CalibrationStatistic, LinearStatistics } from './calibration/calibration';

/** A matrix for a method to compress. */
export interface TargetMatrix {
  /** Module name, for messages. */
  readonly name: string;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Row-major [out, in]. */
  readonly values: Float32Array;
  /** Current format: a sparse matrix stays sparse when it is quantized. */
  readonly weight: LinearWeight;
  /**
   * Use of the outputs in attention, in groups of equally many rows; absent outside attention. Only for calibrated
   * methods.
   */
  readonly attentionRoles?: readonly AttentionRole[];
}

/** Context of a compression; its progress is the share of the matrix (or of the model) already processed. */
export interface CompressionContext extends LongTask {
  /** The calibration sequences, if the recipe has them. */
  readonly calibration?: CalibrationSequences;
  /** If the recipe has training data. */
  readonly training?: TrainingContext;
}

/** Description shared by all compression methods. */
interface MethodDeclaration<Parameters> {
  readonly id: string;
  readonly title: string;
  /** Authors, year, and section of the paper. */
  readonly paper: string;
  /** One sentence: what is stored and what it costs. */
  readonly summary: string;
  /** Initial targets of a new step on the page; absent: `Linear`. */
  readonly usualTargets?: readonly string[];
  /**
   * Its parameters, each declared by `parameter`; the recipe's check, forms, help and documentation derive from it.
   * Strict: unknown keys fail. `Parameters` is the type of a recipe's JSON that this schema accepts.
   */
  readonly schema: z.ZodObject & z.ZodType<Parameters>;
}

/** A method on one matrix at a time that needs no data. `Survey` is the result of a first pass over all targets. */
export interface MatrixMethod<Parameters = unknown, Survey = unknown> extends MethodDeclaration<Parameters> {
  /** `values`: applied to each factor of an already factorized weight. `matrix`: to the whole matrix. */
  readonly appliesTo: 'values' | 'matrix';
  /** A first pass over all targets, one at a time, for decisions that need them all (a global threshold). */
  survey?(targets: AsyncIterable<TargetMatrix>, parameters: Parameters): Promise<Survey>;
  /**
   * @returns a new weight of the same shape, owned by the caller
   * @throws RecipeError in one sentence where the parameters do not fit this matrix
   */
  compress(
    target: TargetMatrix,
    parameters: Parameters,
    context: CompressionContext,
    survey: Survey,
  ): Promise<LinearWeight>;
}

/**
 * A method that needs statistics of the calibration text at each matrix; `each-block.ts` gathers them block by block.
 */
export interface CalibratedMethod<Parameters = unknown> extends MethodDeclaration<Parameters> {
  readonly appliesTo: 'matrix';
  /** Statistics to gather for each target. */
  statistics(parameters: Parameters): readonly CalibrationStatistic[];
  /** Approximate number of float64 multiplications for one matrix; the estimated cost of a run uses it. */
  multiplications?(shape: readonly [outputs: number, inputs: number], parameters: Parameters): number;
  /**
   * @returns a new weight of the same shape, owned by the caller
   * @throws RecipeError in one sentence where the parameters do not fit this matrix
   */
  compressCalibrated(
    target: TargetMatrix,
    statistics: LinearStatistics,
    parameters: Parameters,
    context: CompressionContext,
  ): Promise<LinearWeight>;
}

/** A method that changes the model as a whole: its blocks, heads or neurons, or its arithmetic. */
export interface ModelMethod<Parameters = unknown> extends MethodDeclaration<Parameters> {
  readonly appliesTo: 'model';
  /** Whether these parameters need calibration sequences; absent: never. */
  needsCalibration?(parameters: Parameters): boolean;
  /** True for a method that trains: the recipe must name a training text, and `context.training` is set. */
  readonly trains?: true;
  /**
   * The model's configuration after a step that changes the task; absent: the task stays. Later steps resolve targets
   * and encode labels by it.
   * @throws RecipeError where the method does not fit the model's task
   */
  configAfter?(config: ModelConfig, parameters: Parameters): ModelConfig;
  /**
   * Number of passes of the sequences through the model, a backward pass counted as two; absent: one. For the
   * estimated cost.
   */
  calibrationPasses?(parameters: Parameters): number;
  /**
   * @param model does not change
   * @param targets module names that the step matches
   * @returns a new model, owned by the caller
   * @throws RecipeError in one sentence where the parameters do not fit this model
   */
  compressModel(
    model: Model,
    targets: readonly string[],
    parameters: Parameters,
    context: CompressionContext,
  ): Promise<Model>;
}

/** A compression method: one file in its group's folder, one line in `methods.ts`. */
export type CompressionMethod<Parameters = unknown, Survey = unknown> =
  MatrixMethod<Parameters, Survey> | CalibratedMethod<Parameters> | ModelMethod<Parameters>;

/** Error in a recipe: one sentence with what is wrong and what would work. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
}

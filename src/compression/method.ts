import type { z } from 'zod';
import type { AttentionRole, Model, ModelConfig } from '../model/model';
import type { TrainingContext } from '../train/training-context';
import type { LinearWeight } from '../weights/linear-weight';
import type { CalibrationSequences, CalibrationStatistic, LinearStatistics } from './calibration/calibration';

/** A matrix that a method is asked to compress. */
export interface TargetMatrix {
  /** Module name, for messages. */
  readonly name: string;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Row-major [out, in]. */
  readonly values: Float32Array;
  /** The form that it is in now: a sparse matrix that is quantized stays sparse. */
  readonly weight: LinearWeight;
  /** What attention takes the outputs for, in equal runs of rows; absent where it takes none. Only calibrated methods are told. */
  readonly attentionRoles?: readonly AttentionRole[];
}

export interface CompressionContext {
  readonly signal?: AbortSignal;
  /** Share of this matrix (of the model, for a method of the whole model) that is done, 0 to 1. */
  onProgress?(share: number): void;
  /** The calibration sequences, where the recipe has them. */
  readonly calibration?: CalibrationSequences;
  /** Where the recipe has training data. */
  readonly training?: TrainingContext;
}

/** What every compression method says of itself. */
interface MethodDeclaration<Parameters> {
  readonly id: string;
  readonly title: string;
  /** Authors, year, and where in the paper. */
  readonly paper: string;
  /** One sentence: what it keeps and what it costs. */
  readonly summary: string;
  /** Targets that a step of it begins with on the page; absent: `Linear`. */
  readonly usualTargets?: readonly string[];
  /**
   * Its parameters, each declared by `parameter`; the recipe's check, forms, help and documentation come from it. Strict:
   * unknown keys fail. `Parameters` is what a recipe's JSON holds, as this accepts it.
   */
  readonly schema: z.ZodObject & z.ZodType<Parameters>;
}

/** A method that looks at one matrix at a time and needs no data. `Survey` is what a first pass over all targets found. */
export interface MatrixMethod<Parameters = unknown, Survey = unknown> extends MethodDeclaration<Parameters> {
  /** `values`: applied to each factor of a weight that is already factorized. `matrix`: to the whole matrix. */
  readonly appliesTo: 'values' | 'matrix';
  /** A first pass over all targets, one at a time, where the decision needs them all (a global threshold). */
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

/** A method that needs what the calibration text does at a matrix; `each-block.ts` gathers it, block after block. */
export interface CalibratedMethod<Parameters = unknown> extends MethodDeclaration<Parameters> {
  readonly appliesTo: 'matrix';
  /** What is gathered for each target. */
  statistics(parameters: Parameters): readonly CalibrationStatistic[];
  /** Float64 multiplications that compressing one matrix takes, about; the cost shown before a start comes from it. */
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

/** A method that changes the model as a whole: which blocks, heads or neurons there are, or how it computes. */
export interface ModelMethod<Parameters = unknown> extends MethodDeclaration<Parameters> {
  readonly appliesTo: 'model';
  /** Whether these parameters need calibration sequences; absent: never. */
  needsCalibration?(parameters: Parameters): boolean;
  /** It trains: the recipe must name a text to train on, and `context.training` is there. */
  readonly trains?: true;
  /**
   * What the model's configuration is after a step of it that gives the model another task; absent: the task stays. Later
   * steps find their targets, and their texts their labels, by it.
   * @throws RecipeError where the method does not fit the model's task
   */
  configAfter?(config: ModelConfig, parameters: Parameters): ModelConfig;
  /** How often the sequences run through the model, a backward pass counted as two; absent: once. For the cost shown. */
  calibrationPasses?(parameters: Parameters): number;
  /**
   * @param model stays as it is
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

/** A compression method: one file in `methods/`, one line in `methods.ts`. */
export type CompressionMethod<Parameters = unknown, Survey = unknown> =
  MatrixMethod<Parameters, Survey> | CalibratedMethod<Parameters> | ModelMethod<Parameters>;

/** What is wrong with a recipe, and what would work, in one sentence. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
}

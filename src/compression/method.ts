import type { z } from 'zod';
import type { LinearWeight } from '../weights/linear-weight';

/** One control of a method's form. The form, the recipe's check and the documentation come from this. */
export type ParameterField =
  | {
      readonly kind: 'number';
      readonly label: string;
      readonly min: number;
      readonly max: number;
      readonly step: number;
      readonly default: number;
      readonly unit?: string;
      readonly optional?: boolean;
      readonly help: string;
    }
  | {
      readonly kind: 'choice';
      readonly label: string;
      readonly options: readonly { value: string | number | boolean; label: string }[];
      readonly default: string | number | boolean;
      readonly help: string;
    }
  /** Free text that the method's schema parses: a pattern such as 2:4, a list of factors, "auto". */
  | {
      readonly kind: 'text';
      readonly label: string;
      readonly default: string;
      readonly placeholder: string;
      readonly optional?: boolean;
      readonly help: string;
    };

/** A matrix that a method is asked to compress. */
export interface TargetMatrix {
  /** Module name, for messages. */
  readonly name: string;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Row-major [out, in]. */
  readonly values: Float32Array;
  /** The form that it is in now: a sparse matrix that is quantized stays sparse. */
  readonly weight: LinearWeight;
}

export interface CompressionContext {
  readonly signal?: AbortSignal;
  /** Share of this matrix that is done, 0 to 1. */
  onProgress?(share: number): void;
}

/**
 * A compression method: one file in `methods/`, one line in `methods.ts`.
 *
 * `Parameters` is what the recipe's JSON holds, as `schema` accepts it; `Survey` what a first pass over all targets found.
 */
export interface CompressionMethod<Parameters = unknown, Survey = unknown> {
  readonly id: string;
  readonly title: string;
  /** Authors, year, and where in the paper. */
  readonly paper: string;
  /** One sentence: what it keeps and what it costs. */
  readonly summary: string;
  /** `values`: applied to each factor of a weight that is already factorized. `matrix`: to the whole matrix. */
  readonly appliesTo: 'values' | 'matrix';
  readonly fields: Readonly<Record<string, ParameterField>>;
  /** Strict: unknown keys fail. */
  readonly schema: z.ZodType<Parameters>;
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

/** What is wrong with a recipe, and what would work, in one sentence. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
}

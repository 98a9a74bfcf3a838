import type { MatrixLayout, ModelConfig, ModelLayout } from '../../model/model';
import { RecipeError } from '../method';

type Shape = readonly [number, number];

/** Numbers in the checkpoint of the blocks to factorize. */
export type Blocks = 'odd' | 'even' | 'all';

export interface KnGpt2Parameters {
  /** Divisor of the parameters of each matrix. */
  readonly factor: number;
  readonly blocks: Blocks;
  /** Whether the token embedding is factorized, too. */
  readonly embedding: boolean;
}

/** W ≈ A ⊗ B of one matrix. */
export interface KnGpt2Factors {
  readonly module: string;
  readonly aShape: Shape;
  readonly bShape: Shape;
}

/**
 * The factors of KnGPT2 (Edalati et al. 2021, "Kronecker Decomposition for GPT Compression", sections 3.2 and 4): the
 * token embedding becomes A (vocabulary × width/f) ⊗ B (1 × f), and every other block's linears [out, in] become A
 * (out × in/f) ⊗ B (1 × f).
 *
 * @param chosen module names that may be factorized; the embedding is chosen by `embedding` or by its name here
 * @throws RecipeError where the factor does not divide a width
 */
export function knGpt2Factors(
  { matrices }: ModelLayout,
  { vocabularySize, width }: ModelConfig,
  { factor, blocks, embedding }: KnGpt2Parameters,
  chosen: ReadonlySet<string>,
): KnGpt2Factors[] {
  const isEmbedding = (matrix: MatrixLayout) =>
    !matrix.isBlockLinear && matrix.shape[0] === vocabularySize && matrix.shape[1] === width;
  // An untied head has the same shape and comes last; the paper's is tied.
  const table = matrices.find(isEmbedding);
  return matrices
    .filter((matrix) =>
      matrix === table
        ? embedding || chosen.has(matrix.module)
        : matrix.block !== undefined && isAmong(blocks, matrix.block) && chosen.has(matrix.module),
    )
    .map(({ module, shape: [outputs, inputs] }) => {
      if (inputs % factor !== 0) {
        throw new RecipeError(
          `kn-gpt2 cannot split the ${inputs} inputs of ${module} by ${factor}; use a factor that divides them, such as 2.`,
        );
      }
      return { module, aShape: [outputs, inputs / factor], bShape: [1, factor] };
    });
}

/** Parameters of the model with these matrices factorized, biases and layer norms included. */
export function parametersWith(
  { matrices, vectors }: ModelLayout,
  factors: readonly KnGpt2Factors[],
): number {
  const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
  const factorized = new Map(
    factors.map(({ module, aShape, bShape }) => [module, size(aShape) + size(bShape)]),
  );
  const ofMatrices = matrices.map(({ module, shape }) => factorized.get(module) ?? size(shape));
  const ofVectors = vectors.map(({ shape }) => size(shape));
  return [...ofMatrices, ...ofVectors].reduce((sum, count) => sum + count, 0);
}

function isAmong(blocks: Blocks, block: number): boolean {
  return blocks === 'all' || block % 2 === (blocks === 'odd' ? 1 : 0);
}

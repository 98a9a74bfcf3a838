import { z } from 'zod';
import { BlockSparseWeight } from '../../weights/formats/block-sparse-weight';
import { roundHalfToEven } from '../../weights/quantization';
import { blockNorms, keptBlocks } from './block-norms';
import type { MatrixMethod, TargetMatrix } from '../method';
import { parameter } from '../../parameters/parameter';
import { scopeParameter } from './pruning-parameters';

const GREATEST_BLOCK = 1024;
const size = z.number().int().min(1).max(GREATEST_BLOCK);

const schema = z.strictObject({
  sparsity: parameter(z.number().min(0).max(1).default(0.5), {
    label: 'Sparsity',
    step: 0.05,
    help: 'Share of the blocks to remove.',
  }),
  blockRows: parameter(size.default(16), {
    label: 'Block rows',
    unit: 'outputs',
    help: 'Multiples of 32 run fastest, of 16 and 8 a little slower.',
  }),
  blockColumns: parameter(size.default(16), {
    label: 'Block columns',
    unit: 'inputs',
    help: 'Multiples of 4 are read four weights at a time. 1: columns of a band of rows.',
  }),
  scope: scopeParameter('layer', 'Global lets matrices of many weak blocks give up more than others.'),
});

type Parameters = z.infer<typeof schema>;

/** For the global scope: the remaining blocks of each matrix. */
type KeptOfMatrices = ReadonlyMap<string, boolean[]>;

/** Block pruning: removes whole blocks of least norm, one-shot, so that kernels can skip them. */
export const blockPruning: MatrixMethod<Parameters, KeptOfMatrices | undefined> = {
  id: 'block-pruning',
  title: 'Block pruning',
  paper:
    'Li et al. 2020, "Efficient Transformer-based Large Scale Language Representations using Hardware-friendly Block Structured Pruning"',
  summary:
    'Removes whole blocks of least Euclidean norm and stores the others with an index: coarser than single weights, and faster in proportion.',
  appliesTo: 'values',
  schema,

  async survey(targets, parameters) {
    if (parameters.scope !== 'global') return undefined;
    const normsOf = new Map<string, Float64Array>();
    for await (const { name, shape, values } of targets) {
      normsOf.set(name, blockNorms(values, shape, blockOf(parameters)));
    }
    const all = Float64Array.from([...normsOf.values()].flatMap((norms) => Array.from(norms)));
    const kept = keptBlocks(all, roundHalfToEven(parameters.sparsity * all.length));
    let first = 0;
    return new Map(
      [...normsOf].map(([name, norms]) => [name, kept.slice(first, (first += norms.length))] as const),
    );
  },

  async compress(target, parameters, _context, keptOfMatrices) {
    const kept = keptOfMatrices?.get(target.name) ?? keptOfMatrix(target, parameters);
    return BlockSparseWeight.fromKept(target.values, target.shape, blockOf(parameters), kept);
  },
};

function keptOfMatrix({ values, shape }: TargetMatrix, parameters: Parameters): boolean[] {
  const norms = blockNorms(values, shape, blockOf(parameters));
  return keptBlocks(norms, roundHalfToEven(parameters.sparsity * norms.length));
}

function blockOf({ blockRows, blockColumns }: Parameters): readonly [number, number] {
  return [blockRows, blockColumns];
}

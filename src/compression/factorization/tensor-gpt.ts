import { z } from 'zod';
import { tensorTrainsOfRows, trainCoreShapes } from '../../linalg/row-tensor-trains';
import { TensorTrainRowsWeight } from '../../weights/formats/tensor-train-rows-weight';
import { type MatrixMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  shape: parameter(
    z
      .union([z.literal('auto'), z.array(z.number().int().min(2)).min(2, 'a shape has two sizes or more')], {
        error: 'shape is "auto" or a list of two or more sizes from 2 on, such as [8, 8, 12]',
      })
      .default('auto'),
    {
      label: 'Shape of a row',
      placeholder: 'auto, [8, 8, 12], [2, 2, 2, 2, 12]',
      help: 'Sizes whose product is the width or more; rows are padded with zeros. auto: twos, as in the paper.',
    },
  ),
  rank: parameter(z.number().int().positive().default(2), {
    label: 'Rank',
    max: 64,
    help: 'Greatest rank between two cores of a row. With twos a row of 768 takes 20 values at 1, 72 at 2, 232 at 4.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** A separate tensor train for every row, as for the vectors of an embedding. */
export const tensorGpt: MatrixMethod<Parameters> = {
  id: 'tensor-gpt',
  title: 'TensorGPT',
  paper:
    'Xu et al. 2023, "TensorGPT: Efficient Compression of the Embedding Layer in LLMs based on the Tensor-Train Decomposition", section 3',
  summary:
    'Reshapes each row of an embedding into a tensor and stores its tensor train; rows are rebuilt when they are looked up.',
  usualTargets: ['re:transformer\\.wte|bert\\.embeddings\\.word_embeddings'],
  appliesTo: 'matrix',
  schema,

  async compress({ name, shape: [, width], values }, parameters, context) {
    const cores = trainCoreShapes(sizesFor(name, width, parameters.shape), parameters.rank);
    requireRank(name, cores, parameters);
    const trains = await tensorTrainsOfRows(values, width, cores, context);
    return TensorTrainRowsWeight.fromTrains(trains, width, cores);
  },
};

function sizesFor(name: string, width: number, shape: Parameters['shape']): number[] {
  if (shape === 'auto') return Array<number>(Math.max(2, Math.ceil(Math.log2(width)))).fill(2);
  const product = shape.reduce((total, size) => total * size, 1);
  if (product >= width && product < 2 * width) return shape;
  throw new RecipeError(
    `The shape ${shape.join(' · ')} = ${product} does not hold the rows of ${name}, which are ${width} wide; use sizes whose product is ${width} or a little more.`,
  );
}

function requireRank(
  name: string,
  cores: readonly { readonly left: number; readonly size: number; readonly right: number }[],
  { rank }: Parameters,
): void {
  const sizes = cores.map(({ size }) => size);
  const greatest = Math.max(...trainCoreShapes(sizes, Infinity).map(({ right }) => right));
  if (rank <= greatest) return;
  throw new RecipeError(
    `Rows of ${name} split into ${sizes.join('·')} have no rank of ${rank} between their cores; the greatest is ${greatest} (then it is exact).`,
  );
}

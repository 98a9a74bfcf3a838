import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import {
  type Epilogue,
  epilogueBuffers,
  type EpilogueConfig,
  epilogueConfig,
  epilogueSource,
  epilogueTensors,
} from '../wgsl/epilogue';
import body from './strided-copy.wgsl?raw';

type Four = readonly [number, number, number, number];

/**
 * Copies a box of `sizes` elements between two layouts, with strides in elements, to a new tensor of `outputShape`.
 * @param epilogue applied to the elements; bias is indexed by the last dimension of `outputShape`
 */
export function stridedCopy(
  x: tf.Tensor,
  sizes: Four,
  sourceStrides: Four,
  destinationStrides: Four,
  outputShape: [number, number],
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const elements = sizes.reduce((product, size) => product * size, 1);
  const [, size1, size2, size3] = sizes;
  const [source0, source1, source2, source3] = sourceStrides;
  const [destination0, destination1, destination2, destination3] = destinationStrides;
  // Only the first size, the number of tokens, is a uniform. Indices are divided by the others, which is fast for constants.
  const kernel = kernelOf({
    ...{ size1, size2, size3, source0, source1, source2, source3 },
    ...{ destination0, destination1, destination2, destination3, outputs: outputShape[1] },
    ...epilogueConfig(epilogue),
  });
  return kernel.run({
    inputs: { source: x, ...epilogueTensors(epilogue) },
    outputs: { destination: outputShape },
    uniforms: { size0: sizes[0] },
    workgroups: workgroupsOf(elements),
  }).destination;
}

type Axis = 0 | 1 | 2 | 3;
type Layout = Readonly<
  Record<`size${1 | 2 | 3}` | `source${Axis}` | `destination${Axis}` | 'outputs', number>
>;

const kernelOf = kernelFamily(({ hasBias, activation, hasResidual, ...layout }: Layout & EpilogueConfig) => {
  const epilogue = { hasBias, activation, hasResidual };
  return elementKernel(
    {
      name: 'strided-copy',
      inputs: { source: 'array<f32>', ...epilogueBuffers(epilogue) },
      outputs: { destination: 'array<f32>' },
      uniforms: { size0: 'u32' },
      constants: Object.fromEntries(
        Object.entries(layout).map(([name, value]) => [name.toUpperCase(), value]),
      ),
      body: [epilogueSource(epilogue), body],
    },
    'uniforms.size0 * SIZE1 * SIZE2 * SIZE3',
  );
});

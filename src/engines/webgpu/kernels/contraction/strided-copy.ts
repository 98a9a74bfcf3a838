import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import { declareInputs, type Epilogue, epilogueInputs, epilogueKey, epilogueSource } from '../wgsl/epilogue';
import mainSource from './strided-copy.wgsl?raw';

type Four = readonly [number, number, number, number];

const remember = kernelMemo();

/**
 * Copies a box of `sizes` elements between two layouts, strides in elements; makes a tensor of `outputShape`.
 * @param epilogue what is done to the elements on the way; bias goes by the last dimension of `outputShape`
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
  const [y] = runKernel(kernelFor(sizes, sourceStrides, destinationStrides, outputShape[1], epilogue), {
    inputs: [x, ...epilogueInputs(epilogue).map(({ tensor }) => tensor)],
    outputs: [{ shape: outputShape, dtype: 'float32' }],
    uniforms: [sizes[0]],
    workgroups: workgroupsOf(elements),
  });
  return y as tf.Tensor2D;
}

/** The first size alone is a uniform: it counts tokens. The others divide each index, which constants make cheap. */
function kernelFor(
  sizes: Four,
  source: Four,
  destination: Four,
  outputs: number,
  epilogue: Epilogue,
): Kernel {
  const constants = [...sizes.slice(1), ...source, ...destination, outputs];
  const key = `${constants.join()} ${epilogueKey(epilogue)}`;
  return remember(key, () => makeKernel(constants, epilogue));
}

const CONSTANT_NAMES = [
  ...['SIZE1', 'SIZE2', 'SIZE3'],
  ...['SOURCE0', 'SOURCE1', 'SOURCE2', 'SOURCE3'],
  ...['DESTINATION0', 'DESTINATION1', 'DESTINATION2', 'DESTINATION3'],
  'OUTPUTS',
];

function makeKernel(constants: readonly number[], epilogue: Epilogue): Kernel {
  const inputs = [{ name: 'source', type: 'array<f32>' }, ...epilogueInputs(epilogue)];
  return elementKernel(
    {
      name: 'strided-copy',
      source: `${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> destination: array<f32>;
struct Uniforms { size0: u32 }
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${CONSTANT_NAMES.map((name, index) => `const ${name} = ${constants[index]}u;`).join('\n')}
${epilogueSource(epilogue)}
${mainSource}`,
    },
    'uniforms.size0 * SIZE1 * SIZE2 * SIZE3',
  );
}

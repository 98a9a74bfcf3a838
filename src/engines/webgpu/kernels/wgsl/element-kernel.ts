import { currentGpu } from '../../device';
import {
  type Buffers,
  defineKernel,
  type Kernel,
  type KernelDefinition,
  type NoScalars,
  type Scalars,
} from '../../define-kernel';
import { foldWorkgroups } from './fold-workgroups';

/** Invocations per workgroup. */
const THREADS = 64;

/**
 * Creates a kernel that processes elements independently, one per invocation.
 * @param definition its body defines `fn element(index: u32)`, which is called for all indices below the count
 * @param count WGSL expression for the number of elements, from uniforms or constants
 */
export function elementKernel<
  Inputs extends Buffers,
  Outputs extends Buffers,
  Uniforms extends Scalars = NoScalars,
>(
  definition: KernelDefinition<Inputs, Outputs, Uniforms>,
  count = 'uniforms.elements',
): Kernel<Inputs, Outputs, Uniforms> {
  return defineKernel({ ...definition, body: [definition.body, mainSource(count)].flat() });
}

/** Number of workgroups of an `elementKernel` for this many elements, folded into the device's limit per dimension. */
export function workgroupsOf(elements: number): [x: number, y: number] {
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  return foldWorkgroups(Math.ceil(elements / THREADS), limit);
}

const mainSource = (count: string) => `@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * ${THREADS}u + local;
  if (index < ${count}) {
    element(index);
  }
}`;

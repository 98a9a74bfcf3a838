import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { kernelFamily } from '../../kernel-family';
import { type Epilogue, type EpilogueConfig, epilogueConfig, epilogueTensors } from '../wgsl/epilogue';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import { kernelProfile, type KernelProfile } from '../wgsl/kernel-profile';
import {
  type Contraction,
  type ContractionPlan,
  planContraction,
  plannedPositions,
  timeOf,
} from './tensor-contraction-plan';
import { contractionKernel } from './tensor-contraction-source';
import { invocationsOf } from './tensor-contraction-tile';

const SOFTWARE_THREADS = 4;
const HARDWARE_THREADS = 64;

const plans = new Map<string, ContractionPlan>();

/** @param plan key of the kernel */
const kernelOf = kernelFamily(
  (
    { hasBias, activation, hasResidual }: { plan: string } & EpilogueConfig,
    { sizes, tile }: ContractionPlan,
    outputs: number,
    threads: number,
  ) =>
    contractionKernel({ ...sizes, tile, outputs, threads, epilogue: { hasBias, activation, hasResidual } }),
);

/**
 * Contracts a dense factor with activations; see `Contraction`. Positions, the pairs (g, n), are numbered consecutively, so
 * that one token with many columns and many tokens with one column fill the kernel equally.
 * @param epilogue its bias is indexed by the element of the result modulo the last dimension of `outputShape`
 */
export function contractTensor(
  factor: tf.Tensor,
  x: tf.Tensor,
  contraction: Contraction,
  epilogue: Epilogue = {},
): tf.Tensor2D {
  const { groups, rows, columns, outputShape } = contraction;
  const profile = kernelProfile();
  const key = keyOf(contraction, profile);
  const plan = planFor(key, contraction, profile);
  const invocations = invocationsOf(plan.tile, rows, groups * columns);
  const threads = threadsOf(profile);
  const kernel = kernelOf({ plan: key, ...epilogueConfig(epilogue) }, plan, outputShape[1], threads);
  return kernel.run({
    inputs: { factor, x, ...epilogueTensors(epilogue) },
    outputs: { y: outputShape },
    uniforms: { groups },
    workgroups: foldWorkgroups(
      Math.ceil(invocations / threads),
      currentGpu().device.limits.maxComputeWorkgroupsPerDimension,
    ),
  }).y;
}

/** Estimated time of a contraction on this device, without a unit, for comparison with others. */
export function contractionTime(contraction: Contraction): number {
  const profile = kernelProfile();
  const { sizes, tile } = planFor(keyOf(contraction, profile), contraction, profile);
  return timeOf({ ...sizes, positions: contraction.groups * contraction.columns }, tile, profile);
}

function keyOf(contraction: Contraction, profile: KernelProfile): string {
  const { groups, rows, columns, rowInner, terms, factorRow, factorTerm, x, y, outputShape } = contraction;
  return [
    ...[profile.name, profile.subgroupLanes, plannedPositions(contraction), groups > 1],
    ...[rows, columns, rowInner, terms.outer, terms.inner, factorRow.outer, factorRow.inner],
    ...[factorTerm.outer, factorTerm.inner, x.group, x.term.outer, x.term.inner, x.column],
    ...[y.group, y.row.outer, y.row.inner, y.column, outputShape.at(-1)],
  ].join();
}

function planFor(key: string, contraction: Contraction, profile: KernelProfile): ContractionPlan {
  let plan = plans.get(key);
  if (!plan) plans.set(key, (plan = planContraction(contraction, profile)));
  return plan;
}

function threadsOf(profile: KernelProfile): number {
  return profile.name === 'software' ? SOFTWARE_THREADS : HARDWARE_THREADS;
}

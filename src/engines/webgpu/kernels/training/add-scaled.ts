import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './add-scaled.wgsl?raw';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';

const remember = kernelMemo();

/** Adds factor · x to y, in place. @param x of y's shape */
export function addScaled(y: tf.Tensor, x: tf.Tensor, factor: number): void {
  if (x.size !== y.size) throw new Error(`${x.shape.join('×')} cannot be added to ${y.shape.join('×')}.`);
  const lane = laneWidth(y.size);
  const lanes = y.size / lane;
  const kernel = remember(String(lane), () =>
    elementKernel({ name: 'add-scaled', source: withLanes(source, lane) }, 'uniforms.lanes'),
  );
  runKernel(kernel, {
    inputs: [x],
    outputs: [y],
    uniforms: [lanes, float(factor)],
    workgroups: workgroupsOf(lanes),
  });
}

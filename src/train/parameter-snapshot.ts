import * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../engines/webgpu/device';
import { submitPendingWork } from '../engines/webgpu/memory';
import { gpuBufferOf } from '../engines/webgpu/gpu-buffer';
import { emptyTensor } from '../engines/webgpu/transfer';
import type { TrainableTensor } from './trainable-matrix';

/** GPU copy of a model's best parameters so far. The first `save` allocates its tensors. */
export class ParameterSnapshot {
  private copies: tf.Tensor[] = [];

  constructor(private readonly parameters: readonly TrainableTensor[]) {}

  /** Saved tensors in the order of the parameters; empty before the first `save`. */
  get tensors(): readonly tf.Tensor[] {
    return this.copies;
  }

  /** Saves the present values, which training changes in place. */
  save(): void {
    if (this.copies.length === 0)
      this.copies = this.parameters.map(({ tensor }) => emptyTensor([...tensor.shape]));
    copyElements(this.originals, this.copies);
  }

  /** Restores the values saved last. */
  restore(): void {
    copyElements(this.copies, this.originals);
  }

  dispose(): void {
    tf.dispose(this.copies);
    this.copies = [];
  }

  private get originals(): tf.Tensor[] {
    return this.parameters.map(({ tensor }) => tensor);
  }
}

/** Copies tensors into others of the same size, on the GPU. */
export function copyElements(sources: readonly tf.Tensor[], targets: readonly tf.Tensor[]): void {
  const buffers = sources.map((source, index) => [gpuBufferOf(source), gpuBufferOf(targets[index])]);
  submitPendingWork();
  const { device } = currentGpu();
  const encoder = device.createCommandEncoder();
  sources.forEach(({ size }, index) => {
    const [source, target] = buffers[index];
    encoder.copyBufferToBuffer(source, 0, target, 0, size * 4);
  });
  device.queue.submit([encoder.finish()]);
}

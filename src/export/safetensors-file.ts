import { planSafetensors, safetensorsChunks, type TensorDescription } from '../checkpoint/safetensors-writer';
import type { MatrixLayout } from '../model/model';
import { transpose } from '../model/transpose';
import type { LinearWeight } from '../weights/linear-weight';
import type { ExportFile } from './export-format';

/** Metadata that transformers requires in a file. */
export const PLAIN_METADATA: Readonly<Record<string, string>> = { format: 'pt' };

/** A tensor of a planned file, read from the GPU only when it is written. */
export interface PlannedTensor extends TensorDescription {
  read(): Promise<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Lays out tensors as a safetensors file, without reading any of them. */
export function safetensorsFile(
  path: string,
  tensors: readonly PlannedTensor[],
  metadata: Readonly<Record<string, string>>,
): ExportFile {
  const readers = new Map(tensors.map((tensor) => [tensor.name, tensor.read]));
  const plan = planSafetensors(
    tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    metadata,
  );
  return {
    path,
    byteLength: plan.byteLength,
    chunks: () => safetensorsChunks(plan, ({ name }) => readers.get(name)!()),
  };
}

/** A matrix in float32, [outputs, inputs] or transposed, as in its checkpoint. */
export function denseTensor(
  { tensor, shape: [outputs, inputs], transposed }: MatrixLayout,
  readValues: () => Promise<Float32Array>,
): PlannedTensor {
  return {
    name: tensor,
    dtype: 'F32',
    shape: transposed ? [inputs, outputs] : [outputs, inputs],
    read: async () => {
      const values = await readValues();
      return new Uint8Array((transposed ? transpose(values, outputs, inputs) : values).buffer);
    },
  };
}

/** A model's weight as a dense matrix, whatever its format. */
export function weightTensor(matrix: MatrixLayout, weight: LinearWeight): PlannedTensor {
  const dense = denseTensor(matrix, () => weight.dense());
  return {
    ...dense,
    read: () => {
      const [{ pieces }] = weight.stored();
      // An embedding is the largest matrix, and has the same layout in the file as on the GPU.
      return weight.format === 'dense' && !matrix.transposed && pieces ? pieces() : dense.read();
    },
  };
}

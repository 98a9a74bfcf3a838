import { familyOf } from '../model/families';
import type { Model } from '../model/model';
import { isAsInCheckpoint, valuesInCheckpoint, vectorInCheckpoint } from '../model/restructure';
import type { ExportFile, ExportFormat } from './export-format';
import {
  denseTensor,
  PLAIN_METADATA,
  type PlannedTensor,
  safetensorsFile,
  weightTensor,
} from './safetensors-file';
import { configFile, tokenizerTextFiles } from './text-files';

/**
 * A Hugging Face folder: every matrix in float32 under the names and in the orientation of transformers, with blocks
 * renumbered where some were removed and zeros for removed heads, neurons or sub-layers; experts are merged into one
 * layer.
 */
export const dense: ExportFormat = {
  id: 'dense',
  title: 'Dense Hugging Face folder',
  summary: 'Every matrix in float32, for transformers and all programs that read its folders.',
  canHold: () => true,
  plan: ({ model, tokenizerFiles }) => [
    configFile(model.config.source, {
      [familyOf(model.config.source).layersKey]: model.config.structure.blocks.length,
    }),
    ...tokenizerTextFiles(tokenizerFiles),
    denseWeights(model),
  ],
};

/** The weights as a file: for the base, its length is the reference of the compression ratios. */
export function denseWeights(model: Model): ExportFile {
  return safetensorsFile('model.safetensors', denseTensors(model), PLAIN_METADATA);
}

/** Every tensor in float32, under the names and in the orientation of the checkpoint. */
export function denseTensors(model: Model): PlannedTensor[] {
  const { matrices, vectors } = model.checkpointLayout;
  const newNumbers = new Map(model.config.structure.blocks.map(({ index }, position) => [index, position]));
  const { blockName } = familyOf(model.config.source);
  const isThere = ({ block }: { readonly block?: number }) => block === undefined || newNumbers.has(block);
  const nameOf = ({ tensor, block }: { readonly tensor: string; readonly block?: number }) =>
    block === undefined ? tensor : tensor.replace(blockName(block), blockName(newNumbers.get(block)!));
  return [
    ...matrices.filter(isThere).map((matrix) => {
      const weight = model.linears.get(matrix.module);
      const tensor =
        weight && isAsInCheckpoint(model, matrix)
          ? weightTensor(matrix, weight)
          : denseTensor(matrix, () => valuesInCheckpoint(model, matrix));
      return { ...tensor, name: nameOf(matrix) };
    }),
    ...vectors.filter(isThere).map((vector): PlannedTensor => ({
      name: nameOf(vector),
      dtype: 'F32',
      shape: vector.shape,
      read: async () => new Uint8Array((await vectorInCheckpoint(model, vector)).buffer),
    })),
  ];
}

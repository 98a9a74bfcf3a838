import type { Checkpoint } from '../checkpoint/checkpoint';
import type { Model } from '../model/model';
import type { ModelInfo } from './report/report-document';
import { activeOf, storedParameters, weightBytes } from './sizes';

/** Description of the open model for the page. */
export function describeModel(checkpoint: Checkpoint, model: Model): ModelInfo {
  const { config, layout } = model;
  return {
    name: checkpoint.name,
    modelType: config.modelType,
    task: config.task,
    layers: config.layers,
    width: config.width,
    heads: config.heads,
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    parameters: storedParameters(model),
    ...activeOf(model),
    labels: config.labels,
    modules: layout.matrices.map(({ module, shape, isBlockLinear }) => ({
      name: module,
      shape,
      isBlockLinear,
    })),
    fileBytes: checkpoint.totalBytes,
    gpuBytes: weightBytes(model),
    ignoredFiles: checkpoint.ignored,
  };
}

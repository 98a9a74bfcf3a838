import type { Model } from '../model/model';
import { decodeSecondsOf, gpuBytesOf } from '../weights/gpu-bytes';
import { denseWeights } from '../export/dense';
import { latheWeights } from '../export/lathe';
import type { Recipe } from '../compression/recipe/recipe-schema';
import type { SizeReport } from './report/report-document';

/** Weight values that a model stores, vectors included. */
export function storedParameters(model: Model): number {
  const vectors = [...model.vectors.values()].reduce((sum, { size }) => sum + size, 0);
  return [...model.linears.values()].reduce((sum, { parameters }) => sum + parameters, vectors);
}

/**
 * Those of them that a token is computed with, all of the vocabulary counted; undefined where that is all of them: no token goes to an
 * expert.
 */
function activeParameters(model: Model): number | undefined {
  const mixtures = new Map(
    model.config.structure.blocks.flatMap(({ index, mixture }) => (mixture ? [[index, mixture]] : [])),
  );
  if (mixtures.size === 0) return undefined;
  const unused = (parameters: number, block: number | undefined, ofNeurons: boolean) => {
    const mixture = block === undefined || !ofNeurons ? undefined : mixtures.get(block);
    return mixture ? parameters * (1 - 1 / mixture.experts) : 0;
  };
  const ofMatrices = model.layout.matrices.map(({ module, block, outputs, inputs }) =>
    unused(model.linears.get(module)!.parameters, block, (outputs ?? inputs)?.of === 'neurons'),
  );
  const ofVectors = model.layout.vectors.map(({ tensor, block, members }) =>
    unused(model.vectors.get(tensor)!.size, block, members?.of === 'neurons'),
  );
  const inactive = [...ofMatrices, ...ofVectors].reduce((sum, count) => sum + count, 0);
  return Math.round(storedParameters(model) - inactive);
}

/** Weight values of a model whose matrices are all dense, whatever format they have. */
function denseParameters({ checkpointLayout }: Model): number {
  const shapes = [...checkpointLayout.matrices, ...checkpointLayout.vectors].map(
    ({ shape }) => shape as readonly number[],
  );
  return shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Bytes of a model's weights on the GPU. */
export function weightBytes(model: Model): number {
  const vectors = [...model.vectors.values()].reduce((sum, { size }) => sum + size * 4, 0);
  return [...model.linears.values()].reduce((sum, weight) => sum + gpuBytesOf(weight), vectors);
}

/** Seconds that decoding a model's weights took; undefined where none is coded. */
export function decodeSeconds(model: Model): number | undefined {
  const seconds = [...model.linears.values()].flatMap((weight) => decodeSecondsOf(weight) ?? []);
  return seconds.length > 0 ? seconds.reduce((sum, each) => sum + each, 0) : undefined;
}

/** Sizes of a variant that its plan tells, without reading any weight; the gzip size is measured apart. */
export function plannedSize(base: Model, variant: Model, recipe: Recipe): SizeReport {
  const storedBytes = latheWeights(variant, recipe).byteLength;
  return {
    denseBytes: denseWeights(base).byteLength,
    storedBytes,
    bitsPerWeight: (8 * storedBytes) / denseParameters(base),
    parameters: storedParameters(variant),
    ...activeOf(variant),
  };
}

/** What a report says of active parameters: nothing where all are. */
export function activeOf(model: Model): { activeParameters?: number } {
  const active = activeParameters(model);
  return active === undefined ? {} : { activeParameters: active };
}

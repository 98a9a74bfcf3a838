import type { Model } from '../model/model';
import { decodeSecondsOf, gpuBytesOf } from '../weights/gpu-bytes';
import { denseWeights } from '../export/dense';
import { latheWeights } from '../export/lathe';
import type { Recipe } from '../compression/recipe/recipe-schema';
import type { SizeReport } from './report/report-document';

/** Number of weight values that a model stores, vectors included. */
export function storedParameters(model: Model): number {
  const vectors = [...model.vectors.values()].reduce((sum, { size }) => sum + size, 0);
  return [...model.linears.values()].reduce((sum, { parameters }) => sum + parameters, vectors);
}

/**
 * Number of stored values that one token uses, counting all of the vocabulary; undefined if all, in models without experts.
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

/** Number of weight values with all matrices dense, whatever their format. */
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

/** Seconds spent decoding a model's weights; undefined without entropy-coded weights. */
export function decodeSeconds(model: Model): number | undefined {
  const seconds = [...model.linears.values()].flatMap((weight) => decodeSecondsOf(weight) ?? []);
  return seconds.length > 0 ? seconds.reduce((sum, time) => sum + time, 0) : undefined;
}

/** Sizes of a variant from its export plan, without reading weights; the gzip size is measured separately. */
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

/** Active parameters for a report; empty if all are active. */
export function activeOf(model: Model): { activeParameters?: number } {
  const active = activeParameters(model);
  return active === undefined ? {} : { activeParameters: active };
}

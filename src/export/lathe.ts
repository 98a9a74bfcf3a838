import type { Recipe } from '../compression/recipe/recipe-schema';
import { readTensorBytes } from '../engines/webgpu/transfer';
import type { Model } from '../model/model';
import { FORMAT_KEY, FORMAT_VERSION, WEIGHTS_KEY } from '../model/stored-weights';
import { structureMetadata } from '../model/structure-metadata';
import type { LinearWeight } from '../weights/linear-weight';
import type { ExportFile, ExportFormat } from './export-format';
import { PLAIN_METADATA, type PlannedTensor, safetensorsFile, weightTensor } from './safetensors-file';
import { configFile, jsonFile, tokenizerTextFiles } from './text-files';

/** Metadata key of the recipe that made a compressed checkpoint. */
const RECIPE_KEY = 'lathe.recipe';

/** Lathe's own folder: compressed matrices in their formats, all others unchanged; see docs/formats.md. */
export const lathe: ExportFormat = {
  id: 'lathe',
  title: 'Compressed, Lathe’s safetensors',
  summary: 'Weights in their compressed formats; drop the folder in again as a variant or as a base.',
  canHold: () => true,
  plan: ({ model, recipe, tokenizerFiles }) => [
    configFile(model.config.source),
    ...tokenizerTextFiles(tokenizerFiles),
    ...(recipe.steps.length > 0 ? [jsonFile('recipe.json', recipe)] : []),
    latheWeights(model, recipe),
  ],
};

/** The weights as a file: its length is the size of a variant, and loading it restores the same bits. */
export function latheWeights(model: Model, recipe: Recipe): ExportFile {
  const compressed = compressedModules(model);
  const tensors = [
    ...model.layout.matrices.flatMap((matrix) => {
      const weight = compressed.get(matrix.module);
      return weight
        ? storedTensors(matrix.module, weight)
        : [weightTensor(matrix, model.linears.get(matrix.module)!)];
    }),
    ...model.layout.vectors.map(({ tensor, shape }): PlannedTensor => ({
      name: tensor,
      dtype: 'F32',
      shape,
      read: async () => new Uint8Array(await readTensorBytes(model.vectors.get(tensor)!)),
    })),
  ];
  return safetensorsFile('model.safetensors', tensors, metadataOf(model, compressed, recipe));
}

/** Returns the recipe in a file's metadata; undefined if there is none, or it cannot be parsed. */
export function storedRecipe(metadata: Readonly<Record<string, string>>): Recipe | undefined {
  try {
    return JSON.parse(metadata[RECIPE_KEY]) as Recipe;
  } catch {
    return undefined;
  }
}

function compressedModules(model: Model): Map<string, LinearWeight> {
  return new Map([...model.linears].filter(([, weight]) => weight.format !== 'dense'));
}

function storedTensors(module: string, weight: LinearWeight): PlannedTensor[] {
  return weight.stored().map(({ suffix, dtype, shape, read, pieces }) => ({
    name: `${module}.${suffix}`,
    dtype,
    shape,
    read: pieces ?? read,
  }));
}

function metadataOf(
  model: Model,
  compressed: ReadonlyMap<string, LinearWeight>,
  recipe: Recipe,
): Readonly<Record<string, string>> {
  const structure = structureMetadata(model.config);
  if (compressed.size === 0 && Object.keys(structure).length === 0) return PLAIN_METADATA;
  const weights = Object.fromEntries(
    [...compressed].map(([module, weight]) => [
      module,
      { form: weight.format, attributes: weight.attributes() },
    ]),
  );
  return {
    [FORMAT_KEY]: FORMAT_VERSION,
    [WEIGHTS_KEY]: JSON.stringify(weights),
    ...structure,
    [RECIPE_KEY]: JSON.stringify(recipe),
  };
}

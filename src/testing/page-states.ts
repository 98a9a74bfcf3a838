import type { MethodDescription, ModelInfo } from '../lab/protocol/protocol';
import { BASE_KEY, type ShippedDataSet, type VariantRow } from '../store/lab-state';

/** A model as the page knows it. */
export const TOY_MODEL: ModelInfo = {
  name: 'toy-gpt2',
  modelType: 'gpt2',
  task: 'causal-lm',
  layers: 2,
  width: 8,
  heads: 2,
  contextLength: 128,
  vocabularySize: 64,
  parameters: 1000,
  modules: [{ name: 'transformer.h.0.mlp.c_fc', shape: [32, 8], isBlockLinear: true }],
  fileBytes: 4000,
  gpuBytes: 4000,
  ignoredFiles: [],
};

/** A method with a parameter of every kind. */
export const TOY_METHOD: MethodDescription = {
  id: 'toy',
  group: 'Toys',
  title: 'Toy rounding',
  paper: 'A paper of toys, 2020',
  summary: 'Rounds what it is given.',
  calibrates: false,
  trains: false,
  parameters: {
    bits: {
      kind: 'choice',
      label: 'Bits',
      help: 'Bits of a code.',
      required: false,
      optional: false,
      default: 8,
      advanced: false,
      options: [
        { value: 4, label: '4 bits' },
        { value: 8, label: '8 bits' },
      ],
    },
    groupSize: {
      kind: 'number',
      label: 'Group size',
      help: 'Weights that share a scale.',
      required: false,
      optional: true,
      advanced: false,
      min: 1,
      max: 1024,
      step: 1,
    },
    shape: {
      kind: 'text',
      label: 'Shape',
      help: 'A list, or auto.',
      required: false,
      optional: true,
      advanced: false,
      placeholder: '[2, 4]',
    },
    damping: {
      kind: 'number',
      label: 'Damping',
      help: 'Share of the mean diagonal.',
      required: false,
      optional: false,
      default: 0.01,
      advanced: true,
      min: 0,
      max: 1,
      step: 0.01,
    },
  },
};

/** A text that ships with the page. */
export function shippedText(
  use: ShippedDataSet['use'],
  kind: ShippedDataSet['kind'] = 'text',
): ShippedDataSet {
  return { id: `${use}-${kind}`, title: `Tales for ${use}`, file: `${use}.txt`, kind, use, licence: 'none' };
}

/** A row of the comparison, on the device, of 400 dense bytes; the base where it has the base's key. */
export function variantRow(key: string, changes: Partial<VariantRow> = {}): VariantRow {
  return {
    key,
    id: key,
    name: key === BASE_KEY ? 'the base' : key,
    recipe: { name: key, steps: [] },
    size: { denseBytes: 400, storedBytes: 100, bitsPerWeight: 8, parameters: 100, gzipBytes: 90 },
    metrics: {},
    metricsFrom: 'here',
    layers: [],
    exports: [],
    ...changes,
  };
}

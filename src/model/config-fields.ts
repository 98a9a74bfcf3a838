import { ModelError } from './family';
import type { ModelConfig } from './model';

/** Positive integer of config.json. @throws ModelError naming the field */
export function positiveInteger(json: Record<string, unknown>, field: string): number {
  const value = json[field];
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(
    value === undefined
      ? `config.json lacks "${field}"; add the value that the model was trained with.`
      : `config.json says "${field}": ${JSON.stringify(value)}; a positive integer was expected.`,
  );
}

/** Limit on the number of blocks; a greater number means a damaged config. */
const MAX_LAYERS = 1024;

/** Number of blocks. @throws ModelError naming the field */
export function layerCount(json: Record<string, unknown>, field: string): number {
  const layers = positiveInteger(json, field);
  if (layers <= MAX_LAYERS) return layers;
  throw new ModelError(
    `config.json says "${field}": ${layers}; Lathe runs models of up to ${MAX_LAYERS} blocks.`,
  );
}

/** Positive number with a default. */
export function positiveNumber(json: Record<string, unknown>, field: string, fallback: number): number {
  const value = json[field] ?? fallback;
  if (typeof value === 'number' && value > 0) return value;
  throw new ModelError(
    `config.json says "${field}": ${JSON.stringify(value)}; a positive number was expected.`,
  );
}

const ACTIVATIONS: Readonly<Record<string, ModelConfig['activation']>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  gelu_fast: 'gelu_new',
  relu: 'relu',
};

/** @throws ModelError for an activation that Lathe has no kernel for */
export function activationFunction(json: Record<string, unknown>, field: string): ModelConfig['activation'] {
  const value = String(json[field]);
  if (Object.hasOwn(ACTIVATIONS, value)) return ACTIVATIONS[value];
  throw new ModelError(
    `config.json says "${field}": ${JSON.stringify(json[field])}; Lathe runs ${Object.keys(ACTIVATIONS).join(', ')}.`,
  );
}

/** @throws ModelError if the heads do not divide the width */
export function requireDivisible(width: number, heads: number): void {
  if (width % heads !== 0) {
    throw new ModelError(
      `config.json has a width of ${width} and ${heads} attention heads, which do not divide it.`,
    );
  }
}

/** @throws ModelError if an option is set that changes the forward pass in an unsupported way */
export function refuseOptions(json: Record<string, unknown>, plain: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(plain)) {
    if (json[field] === undefined || json[field] === null || json[field] === value) continue;
    throw new ModelError(
      `config.json says "${field}": ${JSON.stringify(json[field])}; Lathe runs models with ${JSON.stringify(value)} only.`,
    );
  }
}

import type { Dtype } from '../checkpoint/named-tensor';
import type { LinearWeight, NamedFactor, StoredTensor } from './linear-weight';

/** Description of a factor in the attributes of its weight. */
interface FactorAttributes {
  readonly form: string;
  readonly shape: readonly [number, number];
  readonly attributes: Record<string, unknown>;
}

/** Loads a weight by format name; passed as a parameter because the registry imports the composite formats. */
export type FactorLoader = (
  form: string,
  shape: readonly [number, number],
  attributes: Record<string, unknown>,
  read: FactorReader,
) => Promise<LinearWeight>;

type FactorReader = (
  suffix: string,
) => Promise<{ bytes: Uint8Array; shape: readonly number[]; dtype: Dtype }>;

/** Stored tensors of all factors, with the factor's name before the suffix. */
export function storedFactors(factors: readonly NamedFactor[]): StoredTensor[] {
  return factors.flatMap(({ name, weight }) =>
    weight.stored().map((tensor) => ({ ...tensor, suffix: `${name}.${tensor.suffix}` })),
  );
}

/** Attributes that `loadFactors` needs besides the tensors. */
export function factorAttributes(factors: readonly NamedFactor[]): Record<string, FactorAttributes> {
  return Object.fromEntries(
    factors.map(({ name, weight }) => [
      name,
      { form: weight.format, shape: weight.shape, attributes: weight.attributes() },
    ]),
  );
}

/**
 * Loads factors in the order of `names`; frees those already loaded on failure.
 * @throws Error naming a factor that is not described
 */
export async function loadFactors(
  names: readonly string[],
  described: unknown,
  read: FactorReader,
  load: FactorLoader,
): Promise<LinearWeight[]> {
  const loaded: LinearWeight[] = [];
  try {
    for (const name of names) {
      const factor = (described as Record<string, FactorAttributes> | undefined)?.[name];
      if (!factor) throw new Error(`its factor ${name} is not described`);
      loaded.push(
        await load(factor.form, factor.shape, factor.attributes, (suffix) => read(`${name}.${suffix}`)),
      );
    }
    return loaded;
  } catch (error) {
    for (const weight of loaded) weight.dispose();
    throw error;
  }
}

/** Total bytes and stored values of all factors. */
export function totalOfFactors(factors: readonly NamedFactor[]): { storedBytes: number; parameters: number } {
  return {
    storedBytes: factors.reduce((sum, { weight }) => sum + weight.storedBytes, 0),
    parameters: factors.reduce((sum, { weight }) => sum + weight.parameters, 0),
  };
}

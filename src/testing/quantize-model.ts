import type { Model } from '../model/model';
import { QuantizedWeight } from '../weights/formats/quantized-weight';
import type { LinearWeight } from '../weights/linear-weight';

/** Copy of a model with every block linear rounded to nearest, symmetric, with one scale per output row. */
export async function quantizeBlockLinears(model: Model, bits: 8 | 4): Promise<Model> {
  const replaced = new Map<string, LinearWeight>();
  for (const name of model.blockLinears) {
    const weight = model.linears.get(name)!;
    const scheme = { bits, strategy: 'channel', symmetric: true } as const;
    replaced.set(name, QuantizedWeight.fromValues(await weight.dense(), weight.shape, scheme));
  }
  return model.withLinears(replaced);
}

import { type ModelFamily, ModelError } from './family';
import { bert } from './families/bert';
import { gpt2 } from './families/gpt2';

/** All model families that Lathe runs. */
export const FAMILIES: readonly ModelFamily[] = [gpt2, bert];

/** @throws ModelError naming the supported families */
export function familyOf(config: Record<string, unknown>): ModelFamily {
  const architecture = FAMILIES.find(({ modelType }) => modelType === config.model_type);
  if (architecture) return architecture;
  const known = FAMILIES.map(({ modelType }) => modelType).join(' and ');
  throw new ModelError(
    config.model_type === undefined
      ? `config.json has no "model_type"; Lathe runs ${known}.`
      : `This is a ${String(config.model_type)} model; Lathe runs ${known}.`,
  );
}

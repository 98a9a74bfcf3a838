import { type Architecture, ModelError } from './architecture';
import { bert } from './families/bert';
import { gpt2 } from './families/gpt2';

/** Every model family that Lathe runs. */
export const ARCHITECTURES: readonly Architecture[] = [gpt2, bert];

/** @throws ModelError naming the families that there are */
export function architectureOf(config: Record<string, unknown>): Architecture {
  const architecture = ARCHITECTURES.find(({ modelType }) => modelType === config.model_type);
  if (architecture) return architecture;
  const known = ARCHITECTURES.map(({ modelType }) => modelType).join(' and ');
  throw new ModelError(
    config.model_type === undefined
      ? `config.json has no "model_type"; Lathe runs ${known}.`
      : `This is a ${String(config.model_type)} model; Lathe runs ${known}.`,
  );
}

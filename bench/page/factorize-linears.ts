import { applyRecipe } from '../../src/compression/apply-recipe';
import { METHODS } from '../../src/compression/methods';
import { checkRecipe } from '../../src/compression/recipe';
import { openGpu } from '../../src/gpu/device';
import { loadModel } from '../../src/model/load-model';
import { openCheckpoint } from '../contenders/open-checkpoint';

/**
 * Truncated singular value decomposition of every linear of the transformer blocks.
 * @param share of a matrix's parameters that its two factors may hold
 * @returns seconds that it took, without loading
 */
export async function factorizeLinears(folder: string, share: number): Promise<number> {
  await openGpu();
  const model = await loadModel(await openCheckpoint(folder));
  const steps = [{ method: 'low-rank', targets: ['Linear'], parameters: { parametersKept: share } }];
  const start = performance.now();
  const factorized = await applyRecipe(model, checkRecipe({ name: 'low rank', steps }, METHODS));
  const seconds = (performance.now() - start) / 1000;
  factorized.model.dispose();
  model.dispose();
  return seconds;
}

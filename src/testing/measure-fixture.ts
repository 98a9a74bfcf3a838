import { join } from 'node:path';
import type { Evaluation } from '../evaluation/evaluation';
import { evaluate, type EvaluationRequest, type Metrics } from '../evaluation/evaluate';
import { modelsUnderTest } from '../evaluation/models/models-under-test';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import type { OperationOptions } from '../progress/progress';
import { loadTokenizer } from '../tokenizer/load-tokenizer';
import { openFolder } from './folder-checkpoint';

interface MeasureOptions extends OperationOptions {
  /** Creates the variants to measure with the base; absent: none. */
  variantsOf?(base: Model): Promise<readonly Model[]>;
  /** Evaluations that there are; default: all of the app. */
  readonly evaluations?: readonly Evaluation[];
}

/** Measures a fixture's model and variants of it as the lab does. @returns the base's metrics first */
export async function measureFixture(
  name: string,
  request: EvaluationRequest,
  { variantsOf = async () => [], evaluations, ...options }: MeasureOptions = {},
): Promise<Metrics[]> {
  const files = await openFolder(join(import.meta.dirname, 'fixtures', name));
  const base = await loadModel(files);
  const variants = await variantsOf(base);
  try {
    const models = modelsUnderTest(base, variants, loadTokenizer(files.tokenizerFiles));
    return await evaluate(models, request, options, evaluations);
  } finally {
    for (const model of new Set([base, ...variants])) model.dispose();
  }
}

import { compressAlone } from '../compression/recipe/compress-alone';
import { METHODS } from '../compression/methods';
import { checkRecipe } from '../compression/recipe/recipe';
import { matchTargets } from '../compression/recipe/targets';
import { MEAN_KL } from '../evaluation/divergence';
import { evaluate, type Metrics } from '../evaluation/evaluate';
import { figureValue } from '../evaluation/figures';
import { modelsUnderTest } from '../evaluation/models/models-under-test';
import type { Model } from '../model/model';
import type { LinearWeight } from '../weights/linear-weight';
import { LabError } from './lab-error';
import type { OperationOptions, SensitivityRequest } from './protocol/protocol';
import { type RecipeTexts, textUses } from './texts/recipe-texts';
import type { SensitivityProfile } from './report/sensitivity-profile';
import type { Session } from './session';

/** Linears that are compressed together. */
interface Group {
  readonly name: string;
  readonly modules: readonly string[];
}

/**
 * Compresses each linear (or each block's linears) of the base alone by one step and measures how far the predictions
 * diverge.
 *
 * @throws RecipeError, EvaluationError or LabError if the request does not fit; the signal's reason when cancelled
 */
export async function profileSensitivity(
  session: Session,
  texts: RecipeTexts,
  { step, unit, calibration, evaluation }: SensitivityRequest,
  { signal, onProgress }: OperationOptions,
): Promise<SensitivityProfile> {
  const { model } = session.base;
  const recipe = checkRecipe({ name: 'sensitivity profile', steps: [step], calibration }, METHODS);
  const [checked] = recipe.steps;
  const targets = matchTargets(checked.targets, checked.ignore, model);
  const groups =
    unit === 'block' ? byBlock(model, targets) : targets.map((name) => ({ name, modules: [name] }));
  const encoding = { tokenizer: session.tokenizer, configs: [model.config] };
  const sequences = await texts.sequencesFor(recipe, encoding, signal);
  texts.evaluate(
    evaluation.data,
    textUses({ name: 'This step', steps: [], calibration: sequences && recipe.calibration }),
  );
  const weights = await compressAlone(model, checked, targets, {
    signal,
    calibration: sequences,
    onProgress: (progress) => onProgress?.({ ...progress, label: `Compressing ${progress.label} alone` }),
  });
  const variants = groups.map(({ modules }) => withAlone(model, modules, weights));
  try {
    const models = modelsUnderTest(model, variants, session.tokenizer, session.baseLogits);
    const [, ...metrics] = await evaluate(models, evaluation, { signal, onProgress });
    return {
      model: session.checkpoint.name,
      method: step.method,
      parameters: step.parameters ?? {},
      protocol: metrics[0].protocol,
      entries: groups.map(({ name, modules }, index) => ({
        name,
        modules,
        divergence: Math.max(0, divergenceOf(metrics[index])),
        bytesSaved: modules.reduce((sum, module) => sum + savedBytes(model, module, weights), 0),
      })),
    };
  } finally {
    for (const variant of variants) variant.dispose();
    for (const weight of weights.values()) weight.dispose();
  }
}

/** Mean KL divergence from the base in nats. @throws LabError if the evaluation does not compare predictions */
function divergenceOf(metrics: Metrics): number {
  const divergence = figureValue(metrics, MEAN_KL.id);
  if (divergence !== undefined) return divergence;
  throw new LabError(`${metrics.evaluation} reports no divergence from the base; choose another evaluation.`);
}

function withAlone(
  model: Model,
  modules: readonly string[],
  weights: ReadonlyMap<string, LinearWeight>,
): Model {
  return model.withLinears(new Map(modules.map((name) => [name, weights.get(name)!.clone()])));
}

function savedBytes(model: Model, module: string, weights: ReadonlyMap<string, LinearWeight>): number {
  return model.linears.get(module)!.storedBytes - weights.get(module)!.storedBytes;
}

function byBlock({ layout }: Model, targets: readonly string[]): Group[] {
  const wanted = new Set(targets);
  const blocks = new Map<number, string[]>();
  for (const { module, block } of layout.matrices) {
    if (block === undefined || !wanted.has(module)) continue;
    blocks.set(block, [...(blocks.get(block) ?? []), module]);
  }
  return [...blocks].map(([block, modules]) => ({ name: `block ${block}`, modules }));
}

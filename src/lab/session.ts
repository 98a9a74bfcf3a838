import type { Checkpoint } from '../checkpoint/checkpoint';
import { openCheckpoint } from '../checkpoint/open-checkpoint';
import { applyRecipe, describeChange, type RecipeTraining } from '../compression/recipe/apply-recipe';
import { METHODS } from '../compression/methods';
import { type CheckedStep, checkRecipe } from '../compression/recipe/recipe';
import { stepConfigs } from '../compression/recipe/step-configs';
import { BaseLogits } from '../evaluation/models/base-logits';
import { familyOf } from '../model/families';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { loadTokenizer } from '../tokenizer/load-tokenizer';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import type { ExportSource } from '../export/export-format';
import { describeExports } from '../export/exports';
import { storedRecipe } from '../export/lathe';
import { LabError } from './lab-error';
import type {
  NamedFile,
  OperationOptions,
  Recipe,
  RecipeStep,
  TrainingOptions,
  VariantInfo,
} from './protocol/protocol';
import { recipeNeedsTraining, type RecipeTexts } from './texts/recipe-texts';
import { checkpointIdentity } from './checkpoints/run-identity';
import { decodeSeconds, plannedSize, weightBytes } from './sizes';
import { type RecipeRun, withEarlyEnds } from './checkpoints/recipe-run';
import type { TrainingRuns } from './checkpoints/training-runs';

export const BASE_ID = 'base';

/** A variant with its weights on the GPU. */
export interface Variant {
  readonly info: VariantInfo;
  readonly model: Model;
  /** Files of an imported variant, which is reloaded from them after a device loss. */
  readonly files?: readonly NamedFile[];
}

/** Model that was made or loaded. */
type Made = Pick<Variant, 'model'> & Pick<VariantInfo, 'layers' | 'training'>;

/** Resources of recipes besides the base: the user's texts and the training runs. */
export interface RecipeResources {
  readonly texts: RecipeTexts;
  readonly runs: TrainingRuns;
}

/** Base model with its variants; owns their weights. */
export class Session {
  readonly baseLogits = new BaseLogits();
  private readonly variants = new Map<string, Variant>();
  private nextId = 1;
  private identified: Promise<string> | undefined;

  private constructor(
    readonly files: readonly NamedFile[],
    readonly checkpoint: Checkpoint,
    readonly tokenizer: TextTokenizer,
    base: Variant,
  ) {
    this.variants.set(BASE_ID, base);
  }

  /** @throws CheckpointError, ModelError or TokenizerError; nothing stays on the GPU then */
  static async open(files: readonly NamedFile[], options: OperationOptions): Promise<Session> {
    const checkpoint = await openCheckpoint(files);
    const tokenizer = loadTokenizer(checkpoint.tokenizerFiles);
    const started = performance.now();
    const model = await loadModel(checkpoint, options);
    try {
      const recipe: Recipe = { name: checkpoint.name, steps: [] };
      const source: ExportSource = { model, recipe, tokenizerFiles: checkpoint.tokenizerFiles };
      const base = { info: describe(BASE_ID, model, { layers: [] }, source, started), model };
      return new Session(files, checkpoint, tokenizer, base);
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  get base(): Variant {
    return this.variants.get(BASE_ID)!;
  }

  /** @throws LabError if there is no variant with this id */
  variant(id: string): Variant {
    const variant = this.variants.get(id);
    if (!variant) throw new LabError(`There is no variant "${id}"; it may have been discarded.`);
    return variant;
  }

  /** Variant as input of an export. @throws LabError if there is no variant with this id */
  exportSource(id: string): ExportSource {
    const { model, info } = this.variant(id);
    return { model, recipe: info.recipe, tokenizerFiles: this.checkpoint.tokenizerFiles };
  }

  /** Identity of the checkpoint, by which its training runs are found. */
  get identity(): Promise<string> {
    return (this.identified ??= checkpointIdentity(this.checkpoint));
  }

  /** Makes a variant by a recipe. */
  async compress(
    json: unknown,
    { texts, runs }: RecipeResources,
    options: TrainingOptions,
    id = this.newId(),
  ): Promise<VariantInfo> {
    const recipe = checkRecipe(json, METHODS);
    const plain = json as Recipe;
    const started = performance.now();
    const { before: configs } = stepConfigs(recipe, this.base.model.config);
    const encoding = { tokenizer: this.tokenizer, configs };
    const calibration = await texts.sequencesFor(recipe, encoding, options.signal);
    const opened = await texts.trainingFor(recipe, encoding, options);
    const endedEarly = new Map<number, number>();
    const apply = (training?: RecipeTraining) =>
      applyRecipe(this.base.model, recipe, {
        signal: options.signal,
        calibration,
        training: training && {
          ...training,
          onEndedEarly: (step, updates) => void endedEarly.set(step, updates),
        },
        onProgress: options.onProgress,
      });
    const resolved: Recipe = {
      ...plain,
      name: recipe.name,
      calibration: calibration && recipe.calibration,
      training: recipeNeedsTraining(recipe) ? recipe.training : undefined,
      steps: plain.steps.map((step, index) => withTraining(step, recipe.steps[index])),
    };
    const run = async (): Promise<RecipeRun> => ({
      checkpoint: await this.identity,
      checkpointName: this.checkpoint.name,
      base: this.base.model,
      checked: recipe,
      recipe: resolved,
      texts: (name) => texts.named(name),
      endedEarly,
      signal: options.signal,
    });
    const { secondsBefore, ...made }: Made & { readonly secondsBefore: number } = opened
      ? await runs.run(await run(), opened, options, apply)
      : await apply();
    // Starting time that includes the time spent on a cached result.
    const begin = started - 1000 * secondsBefore;
    return this.adopt(id, made, withEarlyEnds(resolved, endedEarly), begin);
  }

  /** Imports a compressed checkpoint of the same shape as the base. */
  async import(
    files: readonly NamedFile[],
    options: OperationOptions,
    id = this.newId(),
  ): Promise<VariantInfo> {
    const started = performance.now();
    const checkpoint = await openCheckpoint(files);
    const model = await loadModel(checkpoint, options);
    try {
      requireSameShape(this.base.model, model);
    } catch (error) {
      model.dispose();
      throw error;
    }
    const recipe = recipeOf(checkpoint);
    const layers = await describeImported(this.base.model, model);
    return this.adopt(id, { model, layers }, recipe, started, files);
  }

  /** Frees a variant. */
  discard(id: string): void {
    if (id === BASE_ID) throw new LabError('The base cannot be discarded; open another checkpoint instead.');
    this.variant(id).model.dispose();
    this.variants.delete(id);
  }

  /** Frees the weights; after a device loss, only drops the references. */
  dispose(): void {
    this.baseLogits.dispose();
    for (const { model } of this.variants.values()) model.dispose();
    this.variants.clear();
  }

  /** Everything needed to restore the session on another device. */
  blueprint(): { files: readonly NamedFile[]; variants: readonly Pick<Variant, 'info' | 'files'>[] } {
    const variants = [...this.variants.values()].filter(({ info }) => info.id !== BASE_ID);
    return { files: this.files, variants: variants.map(({ info, files }) => ({ info, files })) };
  }

  private newId(): string {
    return `variant-${this.nextId++}`;
  }

  private adopt(
    id: string,
    made: Made,
    recipe: Recipe,
    started: number,
    files?: readonly NamedFile[],
  ): VariantInfo {
    const { model } = made;
    try {
      const source: ExportSource = { model, recipe, tokenizerFiles: this.checkpoint.tokenizerFiles };
      const info = describe(id, this.base.model, made, source, started);
      this.variants.set(id, { info, model, files });
      this.nextId = Math.max(this.nextId, Number(id.split('-')[1]) + 1);
      return info;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }
}

function describe(
  id: string,
  base: Model,
  { layers, training }: Omit<Made, 'model'>,
  source: ExportSource,
  started: number,
): VariantInfo {
  const { model, recipe } = source;
  const seconds = (performance.now() - started) / 1000;
  const size = plannedSize(base, model, recipe);
  return {
    id,
    name: recipe.name,
    task: model.config.task,
    recipe,
    size,
    layers,
    gpuBytes: weightBytes(model),
    seconds,
    training,
    decodeSeconds: decodeSeconds(model),
    exports: describeExports(source),
  };
}

/** Step with the defaults of its own training text filled in. */
function withTraining(step: RecipeStep, { training }: CheckedStep): RecipeStep {
  return training ? { ...step, training } : step;
}

/** Checks an import's shapes; its head may differ from the base's. @throws LabError naming the first difference */
function requireSameShape(base: Model, imported: Model): void {
  const ofImported = new Map(
    imported.checkpointLayout.matrices.map(({ module, shape }) => [module, shape] as const),
  );
  for (const { module, shape } of matricesUnderHead(base, imported)) {
    const found = ofImported.get(module);
    if (found && found[0] === shape[0] && found[1] === shape[1]) continue;
    const other = found ? `is ${found.join('×')} there` : 'is missing there';
    throw new LabError(
      `This checkpoint is not a variant of the base: ${module} is ${shape.join('×')} here and ${other}; open it as a new base.`,
    );
  }
}

/** Matrices of a base outside the head, if the other model has another head. */
function matricesUnderHead({ config, checkpointLayout }: Model, { config: { task, labels } }: Model) {
  const { matrices } = checkpointLayout;
  if (task === config.task) return matrices;
  const withHead = familyOf(config.source).withClassifier?.(config, labels ?? []) ?? config;
  const shared = new Set(
    familyOf(config.source)
      .layout(withHead)
      .matrices.map(({ module }) => module),
  );
  return matrices.filter(({ module }) => shared.has(module));
}

function recipeOf({ name, metadata }: Checkpoint): Recipe {
  const recipe = storedRecipe(metadata) ?? { name, steps: [] };
  return { ...recipe, name: `${recipe.name} (imported)` };
}

async function describeImported(base: Model, imported: Model): Promise<VariantInfo['layers']> {
  const layers: VariantInfo['layers'][number][] = [];
  for (const name of base.linears.keys()) {
    const change = await describeChange(name, base, imported);
    // A matrix that was trained and is dense again differs only in its values.
    if (change.form !== 'dense' || change.relativeError > 0) layers.push(change);
  }
  return layers;
}

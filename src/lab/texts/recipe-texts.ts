import { needsCalibration } from '../../compression/recipe/apply-step';
import type { CalibrationSequences } from '../../compression/calibration/calibration';
import { type CheckedRecipe, type CheckedStep, trains } from '../../compression/recipe/recipe';
import type { TrainingTextSettings } from '../../compression/recipe/recipe-schema';
import type { ModelConfig } from '../../model/model';
import type { TrainingData } from '../../train/training-context';
import { drawCalibration } from './calibration-text';
import { LabError } from '../lab-error';
import type { DataSet, OperationOptions, Recipe } from '../protocol/protocol';
import type { Encoding } from './sequence-batches';
import { sharedPassage } from './shared-passages';
import { type OpenedTrainingData, openTrainingData } from './training-data';

/** Text that a variant or a recipe's step used. */
export interface TextUse {
  /** Name of the variant, for messages. */
  readonly name: string;
  readonly text: string;
  readonly purpose: Purpose;
}

type Purpose = 'calibration' | 'training';

/** Tokenizer and model configurations for encoding a recipe's texts. */
export interface RecipeEncoding {
  readonly tokenizer: Encoding['tokenizer'];
  /** Configuration of the model before each step. */
  readonly configs: readonly ModelConfig[];
}

/** Training data of a recipe's steps. */
export interface RecipeTrainingData {
  /** @param step index, from 0, of a step that trains */
  dataOf(step: number): TrainingData;
  /** Messages for the user about the texts. */
  readonly warnings: readonly string[];
}

const VERBS: Readonly<Record<Purpose, { done: string; advice: string; need: string }>> = {
  calibration: {
    done: 'calibrated with',
    advice: 'calibrate with',
    need: 'needs a calibration text',
  },
  training: { done: 'trained on', advice: 'train on', need: 'needs a training text' },
};

/** Texts for calibration and training, and texts used for evaluation, which must not share a passage. */
export class RecipeTexts {
  private readonly provided = new Map<string, DataSet>();
  private readonly evaluated = new Map<string, DataSet>();

  provide(data: DataSet): void {
    this.provided.set(data.name, data);
  }

  /**
   * Records a text on which variants are evaluated.
   * @param uses texts used to make these variants
   * @throws LabError if a variant was made with a passage of the text
   */
  evaluate(data: DataSet, uses: readonly TextUse[]): void {
    // The first variant made with a text stands for all of them, because comparing texts is slow.
    const firstByText = new Map([...uses].reverse().map((use) => [use.text, use]));
    for (const [textName, { name, purpose }] of firstByText) {
      const text = this.provided.get(textName);
      const passage = text && sharedPassage(text, data);
      if (!passage) continue;
      const { done, advice } = VERBS[purpose];
      throw new LabError(
        `${name} was ${done} ${textName}, which shares a passage with ${data.name} ("${excerpt(passage)}"), so its figures would be biased; evaluate on another text, or ${advice} another.`,
      );
    }
    this.evaluated.set(data.name, data);
  }

  /** Clears the evaluated texts when another model is opened. */
  forgetEvaluations(): void {
    this.evaluated.clear();
  }

  /**
   * Calibration sequences of a recipe; undefined if no step needs any.
   * @throws LabError if a step needs them and the recipe names no text, the text was not provided, or variants were evaluated
   * on a passage of it
   */
  async sequencesFor(
    recipe: CheckedRecipe,
    { tokenizer, configs }: RecipeEncoding,
    signal?: AbortSignal,
  ): Promise<CalibrationSequences | undefined> {
    // After a step that adds a classifier, calibration sentences have their labels.
    const last = recipe.steps.findLastIndex(({ method, parameters }) => needsCalibration(method, parameters));
    if (last < 0) return undefined;
    const { calibration } = recipe;
    if (!calibration) throw namesNone('calibration');
    const encoding = { tokenizer, config: configs[last] };
    return drawCalibration(this.allowed('calibration', calibration.text), calibration, encoding, signal);
  }

  /**
   * Training data of a recipe's steps, from their own texts or the recipe's; undefined if none trains.
   * @throws LabError as `sequencesFor`
   */
  async trainingFor(
    recipe: CheckedRecipe,
    { tokenizer, configs }: RecipeEncoding,
    options: OperationOptions = {},
  ): Promise<RecipeTrainingData | undefined> {
    const opened = new Map<string, OpenedTrainingData>();
    const keys = new Map<number, string>();
    for (const [index, step] of recipe.steps.entries()) {
      if (!trains(step.method)) continue;
      const settings = step.training ?? recipe.training;
      if (!settings) throw namesNone('training');
      const config = configs[index];
      if (config.labels && config.task !== configs[0].task) this.requireLabels(settings.text, index, step);
      // Steps with the same text and task share the data.
      const key = JSON.stringify([settings, config.task, config.labels]);
      keys.set(index, key);
      if (!opened.has(key))
        opened.set(key, await this.openTraining(settings, { tokenizer, config }, options));
    }
    if (keys.size === 0) return undefined;
    const warnings = [...opened.values()].flatMap(({ warning }) => warning ?? []);
    return { dataOf: (step) => opened.get(keys.get(step)!)!.data, warnings: [...new Set(warnings)] };
  }

  /** A new classifier has no teacher and can only learn from labels. @throws LabError if a text has none */
  private requireLabels(name: string, index: number, { method }: CheckedStep): void {
    if (this.provided.get(name)?.kind !== 'text') return;
    throw new LabError(
      `Step ${index + 1} (${method.id}) trains a classifier, but ${name} is a plain text without labels; give the step its own labelled sentences, as "training": {"text": "….tsv"}.`,
    );
  }

  private openTraining(
    settings: TrainingTextSettings,
    encoding: Encoding,
    { signal, onProgress }: OperationOptions,
  ): Promise<OpenedTrainingData> {
    const text = this.allowed('training', settings.text);
    return openTrainingData(text, settings, encoding, {
      signal,
      onProgress: (progress) => onProgress?.({ ...progress, label: `Reading ${text.name}` }),
    });
  }

  /** Provided text with this name. */
  named(name: string): DataSet | undefined {
    return this.provided.get(name);
  }

  /** @throws LabError if the text was not provided, or shares a passage with a text used for evaluation */
  private allowed(purpose: Purpose, name: string): DataSet {
    const data = this.provided.get(name);
    if (!data) {
      throw new LabError(
        `The ${purpose} text ${name} was not provided; choose the file again, or another text.`,
      );
    }
    for (const test of this.evaluated.values()) {
      const passage = sharedPassage(data, test);
      if (!passage) continue;
      throw new LabError(
        `${data.name} shares a passage with ${test.name} ("${excerpt(passage)}"), on which variants were evaluated; ${VERBS[purpose].advice} a text that is not used for evaluation.`,
      );
    }
    return data;
  }
}

/** Whether a step of the recipe requires calibration sequences. */
export function recipeNeedsCalibration({ steps }: CheckedRecipe): boolean {
  return steps.some(({ method, parameters }) => needsCalibration(method, parameters));
}

/** Whether a step of the recipe trains and has no text of its own. */
export function recipeNeedsTraining({ steps }: CheckedRecipe): boolean {
  return steps.some(({ method, training }) => trains(method) && !training);
}

/** Texts that were used to make a variant. */
export function textUses({ name, calibration, training, steps }: Recipe): TextUse[] {
  const uses: TextUse[] = [];
  if (calibration) uses.push({ name, text: calibration.text, purpose: 'calibration' });
  for (const settings of [training, ...steps.map((step) => step.training)])
    if (settings) uses.push({ name, text: settings.text, purpose: 'training' });
  return uses;
}

function namesNone(purpose: Purpose): LabError {
  return new LabError(
    `This recipe ${VERBS[purpose].need} and names none; choose one, as "${purpose}": {"text": "…"}.`,
  );
}

function excerpt(passage: string): string {
  return passage.length > 40 ? `${passage.slice(0, 40)} …` : passage;
}

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

/** A variant, or a recipe's step, and a text that made it what it is. */
export interface TextUse {
  /** Of the variant, for messages. */
  readonly name: string;
  readonly text: string;
  readonly purpose: Purpose;
}

type Purpose = 'calibration' | 'training';

/** What a recipe's texts are encoded with. */
export interface RecipeEncoding {
  readonly tokenizer: Encoding['tokenizer'];
  /** Of the model before each step. */
  readonly configs: readonly ModelConfig[];
}

/** What the steps of a recipe train on. */
export interface RecipeTrainingData {
  /** @param step that trains, counted from 0 */
  dataOf(step: number): TrainingData;
  /** What the user should know of the texts. */
  readonly warnings: readonly string[];
}

const VERBS: Readonly<Record<Purpose, { done: string; advice: string; need: string }>> = {
  calibration: {
    done: 'calibrated with',
    advice: 'calibrate with',
    need: 'looks at a calibration text',
  },
  training: { done: 'trained on', advice: 'train on', need: 'trains on a text' },
};

/** Texts that recipes may calibrate with or train on, and those that something was evaluated on: never the same passages. */
export class RecipeTexts {
  private readonly provided = new Map<string, DataSet>();
  private readonly evaluated = new Map<string, DataSet>();

  provide(data: DataSet): void {
    this.provided.set(data.name, data);
  }

  /**
   * Notes a text that variants are evaluated on.
   * @param uses of texts in making these variants
   * @throws LabError where one of them was made with a passage of it
   */
  evaluate(data: DataSet, uses: readonly TextUse[]): void {
    // Of variants that were made with one text, the first stands for all: comparing texts takes time.
    const firstByText = new Map([...uses].reverse().map((use) => [use.text, use]));
    for (const [textName, { name, purpose }] of firstByText) {
      const text = this.provided.get(textName);
      const passage = text && sharedPassage(text, data);
      if (!passage) continue;
      const { done, advice } = VERBS[purpose];
      throw new LabError(
        `${name} was ${done} ${textName}, which shares a passage with ${data.name} ("${excerpt(passage)}"), so its figures would flatter it; evaluate on another text, or ${advice} another.`,
      );
    }
    this.evaluated.set(data.name, data);
  }

  /** Another model is open: nothing was evaluated yet. */
  forgetEvaluations(): void {
    this.evaluated.clear();
  }

  /**
   * The sequences that a recipe's calibration names; undefined where no step needs any.
   * @throws LabError where they are needed and the recipe names no text, the text was not given, or variants were evaluated
   *   on a passage of it
   */
  async sequencesFor(
    recipe: CheckedRecipe,
    { tokenizer, configs }: RecipeEncoding,
    signal?: AbortSignal,
  ): Promise<CalibrationSequences | undefined> {
    // Where a recipe gives a model a classifier and then calibrates, sentences have their labels.
    const last = recipe.steps.findLastIndex(({ method, parameters }) => needsCalibration(method, parameters));
    if (last < 0) return undefined;
    const { calibration } = recipe;
    if (!calibration) throw namesNone('calibration');
    const encoding = { tokenizer, config: configs[last] };
    return drawCalibration(this.allowed('calibration', calibration.text), calibration, encoding, signal);
  }

  /**
   * What the steps of a recipe train on, their own texts or the recipe's; undefined where none trains.
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
      // Steps of one text and one task share it.
      const key = JSON.stringify([settings, config.task, config.labels]);
      keys.set(index, key);
      if (!opened.has(key))
        opened.set(key, await this.openTraining(settings, { tokenizer, config }, options));
    }
    if (keys.size === 0) return undefined;
    const warnings = [...opened.values()].flatMap(({ warning }) => warning ?? []);
    return { dataOf: (step) => opened.get(keys.get(step)!)!.data, warnings: [...new Set(warnings)] };
  }

  /** A new classifier has no teacher: labels are all that it can learn from. @throws LabError where a text has none */
  private requireLabels(name: string, index: number, { method }: CheckedStep): void {
    if (this.provided.get(name)?.kind !== 'text') return;
    throw new LabError(
      `Step ${index + 1} (${method.id}) teaches a classifier, and ${name} is a plain text without labels; give the step labelled sentences of its own, as "training": {"text": "….tsv"}.`,
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

  /** A text that was given, by its name. */
  named(name: string): DataSet | undefined {
    return this.provided.get(name);
  }

  /** @throws LabError where the text was not given, or shares a passage with one that variants were evaluated on */
  private allowed(purpose: Purpose, name: string): DataSet {
    const data = this.provided.get(name);
    if (!data) {
      throw new LabError(`The ${purpose} text ${name} is not here; give the file again, or choose another.`);
    }
    for (const test of this.evaluated.values()) {
      const passage = sharedPassage(data, test);
      if (!passage) continue;
      throw new LabError(
        `${data.name} shares a passage with ${test.name} ("${excerpt(passage)}"), on which variants were evaluated; ${VERBS[purpose].advice} a text that no test uses.`,
      );
    }
    return data;
  }
}

/** Whether a step of the recipe cannot run without calibration sequences. */
export function recipeNeedsCalibration({ steps }: CheckedRecipe): boolean {
  return steps.some(({ method, parameters }) => needsCalibration(method, parameters));
}

/** Whether a step of the recipe trains and has no text of its own. */
export function recipeNeedsTraining({ steps }: CheckedRecipe): boolean {
  return steps.some(({ method, training }) => trains(method) && !training);
}

/** The texts that made a variant what it is. */
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

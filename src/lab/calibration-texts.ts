import { needsCalibration } from '../compression/apply-step';
import type { CalibrationSequences } from '../compression/calibration';
import type { CheckedRecipe } from '../compression/recipe';
import type { ModelConfig } from '../model/model';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import { drawCalibration } from './calibration-text';
import { LabError } from './lab-error';
import type { CalibrationSettings, DataSet } from './protocol';
import { sharedPassage } from './shared-passages';

/** Texts that recipes may calibrate with, and those that something was evaluated on: never the same passages. */
export class CalibrationTexts {
  private readonly provided = new Map<string, DataSet>();
  private readonly evaluated = new Map<string, DataSet>();

  provide(data: DataSet): void {
    this.provided.set(data.name, data);
  }

  /**
   * Notes a text that variants are evaluated on.
   * @param calibrated recipes' settings of the variants that were calibrated
   * @throws LabError where one of them was calibrated with a passage of it
   */
  evaluate(data: DataSet, calibrated: readonly { name: string; settings: CalibrationSettings }[]): void {
    // Of variants that were calibrated with one text, the first stands for all: comparing texts takes time.
    const firstByText = new Map([...calibrated].reverse().map(({ name, settings }) => [settings.text, name]));
    for (const [textName, variant] of firstByText) {
      const text = this.provided.get(textName);
      const passage = text && sharedPassage(text, data);
      if (!passage) continue;
      throw new LabError(
        `${variant} was calibrated with ${textName}, which shares a passage with ${data.name} ("${excerpt(passage)}"), so its figures would flatter it; evaluate on another text, or calibrate with another.`,
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
    encoding: { readonly tokenizer: TextTokenizer; readonly config: ModelConfig },
    signal?: AbortSignal,
  ): Promise<CalibrationSequences | undefined> {
    if (!recipeNeedsCalibration(recipe)) return undefined;
    const { calibration } = recipe;
    if (!calibration) {
      throw new LabError(
        'This recipe looks at a calibration text and names none; choose one, as "calibration": {"text": "…"}.',
      );
    }
    const data = this.provided.get(calibration.text);
    if (!data) {
      throw new LabError(
        `The calibration text ${calibration.text} is not here; give the file again, or choose another.`,
      );
    }
    for (const test of this.evaluated.values()) {
      const passage = sharedPassage(data, test);
      if (!passage) continue;
      throw new LabError(
        `${data.name} shares a passage with ${test.name} ("${excerpt(passage)}"), on which variants were evaluated; calibrate with a text that no test uses.`,
      );
    }
    return drawCalibration(data, calibration, encoding, signal);
  }
}

/** Whether a step of the recipe cannot run without calibration sequences. */
export function recipeNeedsCalibration({ steps }: CheckedRecipe): boolean {
  return steps.some(({ method, parameters }) => needsCalibration(method, parameters));
}

function excerpt(passage: string): string {
  return passage.length > 40 ? `${passage.slice(0, 40)} …` : passage;
}

import type { EvaluationRequest, Recipe, RecipeStep } from '../lab/protocol/protocol';
import type { Allocation } from '../lab/report/allocate-budget';
import {
  divergencesOf,
  parseSensitivityProfile,
  type SensitivityProfile,
} from '../lab/report/sensitivity-profile';
import { type LabContext, notify, runOperation } from './lab-store';
import { setDraft } from './recipe-actions';
import { provideTexts } from './recipe-texts';
import type { Draft, DraftStep } from './recipe-draft';

/** File name of a saved profile, which a recipe may refer to. */
export const PROFILE_FILE = 'sensitivities.json';

/**
 * Measures the sensitivity of each linear (or block) alone to a step of the draft; the profile stays until the next.
 */
export async function measureSensitivity(
  context: LabContext,
  step: RecipeStep,
  unit: 'linear' | 'block',
  evaluation: EvaluationRequest,
): Promise<void> {
  const { store, lab } = context;
  await runOperation(context, 'Measuring the sensitivity of each linear', async (options) => {
    const { draft } = store.getState();
    await provideTexts(context, draft);
    const request = { step, unit, evaluation, calibration: draft.calibration };
    store.setState({ sensitivity: await lab.profileSensitivity(request, options) });
  });
}

/** Loads a saved profile. @returns whether the text is one */
export function loadProfile(context: LabContext, text: string): boolean {
  const profile = parseSensitivityProfile(text);
  if (!profile) return false;
  const { model } = context.store.getState();
  context.store.setState({ sensitivity: profile });
  if (model && profile.model !== model.name) {
    notify(context, 'done', `This profile was measured on ${profile.model}; ${model.name} may differ.`);
  }
  return true;
}

/** Replaces a recipe's reference to the profile's file by the divergences, so that the recipe is self-contained. */
export function withSensitivities(
  recipe: Recipe | Draft,
  profile: SensitivityProfile | undefined,
): Recipe | Draft {
  const byShare = recipe.steps.some(({ targets }) => 'leastSensitive' in targets);
  if (!byShare || !profile || typeof recipe.sensitivities === 'object') return recipe;
  return { ...recipe, sensitivities: divergencesOf(profile) };
}

/** Replaces the draft by a recipe that compresses the linears selected for a budget. */
export function draftForBudget(
  context: LabContext,
  profile: SensitivityProfile,
  { chosen }: Allocation,
): Draft {
  const { draft } = context.store.getState();
  const targets = chosen.flatMap(({ modules }) => modules);
  const step: DraftStep = { method: profile.method, targets, ignore: [], parameters: profile.parameters };
  const recipe: Draft = {
    name: `${profile.method} on ${chosen.length} of ${profile.entries.length}`,
    steps: [step],
    calibration: draft.calibration,
  };
  setDraft(context, recipe);
  return recipe;
}

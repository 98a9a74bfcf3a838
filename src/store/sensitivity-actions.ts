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

/** What a saved profile is called, and what a recipe may name. */
export const PROFILE_FILE = 'sensitivities.json';

/** Measures each linear (or block) alone under a step of the draft; the profile stays until the next. */
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

/** Takes a profile that was saved before. @returns whether the text is one */
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

/** A recipe that names the file of the profile holds its divergences instead, so that it needs no file any more. */
export function withSensitivities(
  recipe: Recipe | Draft,
  profile: SensitivityProfile | undefined,
): Recipe | Draft {
  const byShare = recipe.steps.some(({ targets }) => 'leastSensitive' in targets);
  if (!byShare || !profile || typeof recipe.sensitivities === 'object') return recipe;
  return { ...recipe, sensitivities: divergencesOf(profile) };
}

/** Makes the draft a recipe that compresses what was chosen for a budget. */
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

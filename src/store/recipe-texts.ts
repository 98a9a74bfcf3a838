import type { DataSet, Recipe } from '../lab/protocol/protocol';
import type { LabState, ShippedDataSet } from './lab-state';
import { type LabContext, notify } from './lab-store';
import { fetchDataSet } from './shipped-texts';

/** Texts that ship with the page for recipes to look at or train on. */
export function recipeTexts({ dataSets }: Pick<LabState, 'dataSets'>): ShippedDataSet[] {
  return dataSets.filter(({ use }) => use === 'calibration');
}

/** The text that a recipe begins with: the shipped one, or one that was given here. */
export function firstText(state: Pick<LabState, 'dataSets' | 'ownTexts'>): string | undefined {
  return recipeTexts(state)[0]?.file ?? state.ownTexts[0];
}

/** Takes a file of the user's for recipes; it never leaves the machine. @returns whether it is a text */
export async function takeOwnText(context: LabContext, file: File): Promise<boolean> {
  const { store, lab } = context;
  try {
    const data: DataSet = {
      name: file.name,
      kind: file.name.endsWith('.tsv') ? 'labelled' : 'text',
      content: await file.text(),
    };
    await lab.provideText(data);
    store.setState(({ ownTexts }) => ({
      ownTexts: [...ownTexts.filter((name) => name !== file.name), file.name],
    }));
    return true;
  } catch (error) {
    notify(context, 'error', `${file.name} cannot be read as a text (${(error as Error).message}).`);
    return false;
  }
}

/** Gives the lab the shipped texts that a recipe names, each once. @throws Error where one cannot be fetched */
export async function provideTexts(
  context: LabContext,
  { calibration, training, steps }: Pick<Recipe, 'calibration' | 'training' | 'steps'>,
): Promise<void> {
  const { store, lab } = context;
  const named = [calibration, training, ...steps.map((step) => step.training)].map(
    (settings) => settings?.text,
  );
  for (const shipped of store.getState().dataSets) {
    if (!named.includes(shipped.file) || store.getState().providedTexts.includes(shipped.file)) continue;
    await lab.provideText(await fetchDataSet(shipped));
    store.setState((state) => ({ providedTexts: [...state.providedTexts, shipped.file] }));
  }
}

import type { DataSet, Recipe } from '../lab/protocol/protocol';
import type { LabState, ShippedDataSet } from './lab-state';
import { type LabContext, notify } from './lab-store';
import { fetchDataSet } from './shipped-texts';

/** Shipped texts that recipes can calibrate or train on. */
export function recipeTexts({ dataSets }: Pick<LabState, 'dataSets'>): ShippedDataSet[] {
  return dataSets.filter(({ use }) => use === 'calibration');
}

/** Default text of a recipe: the first shipped one, else the user's first. */
export function firstText(state: Pick<LabState, 'dataSets' | 'userTexts'>): string | undefined {
  return recipeTexts(state)[0]?.file ?? state.userTexts[0];
}

/** Adds a file of the user's to the texts for recipes; it never leaves the machine. @returns whether it is a text */
export async function addUserText(context: LabContext, file: File): Promise<boolean> {
  const { store, lab } = context;
  try {
    const data: DataSet = {
      name: file.name,
      kind: file.name.endsWith('.tsv') ? 'labelled' : 'text',
      content: await file.text(),
    };
    await lab.provideText(data);
    store.setState(({ userTexts }) => ({
      userTexts: [...userTexts.filter((name) => name !== file.name), file.name],
    }));
    return true;
  } catch (error) {
    notify(context, 'error', `${file.name} cannot be read as text (${(error as Error).message}).`);
    return false;
  }
}

/** Sends the lab the shipped texts that a recipe names, each once. @throws Error if one cannot be fetched */
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

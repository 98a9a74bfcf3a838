import type { CalibrationSettings, DataSet, Recipe } from '../lab/protocol';
import type { LabState, ShippedDataSet } from './lab-state';
import { type LabContext, notify } from './lab-store';
import { setDraft } from './recipe-actions';
import { fetchDataSet } from './shipped-texts';

const SEQUENCES = 64;
const LENGTH = 128;

/** Texts that ship with the page for calibration. */
export function calibrationTexts({ dataSets }: Pick<LabState, 'dataSets'>): ShippedDataSet[] {
  return dataSets.filter(({ use }) => use === 'calibration');
}

/** A calibration to begin with: the shipped text, or one that was given here. */
export function defaultCalibration(state: LabState): CalibrationSettings | undefined {
  const text = calibrationTexts(state)[0]?.file ?? state.ownTexts[0];
  if (!text || !state.model) return undefined;
  return { text, sequences: SEQUENCES, length: Math.min(LENGTH, state.model.contextLength), seed: 0 };
}

export function changeCalibration(context: LabContext, change: Partial<CalibrationSettings>): void {
  const state = context.store.getState();
  const current = state.draft.calibration ?? defaultCalibration(state);
  if (current) setDraft(context, { ...state.draft, calibration: { ...current, ...change } });
}

/** Takes a file of the user's as the text to calibrate with; it never leaves the machine. */
export async function calibrateWithFile(context: LabContext, file: File): Promise<void> {
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
    const calibration = { ...defaultCalibration(store.getState())!, ...store.getState().draft.calibration };
    setDraft(context, { ...store.getState().draft, calibration: { ...calibration, text: file.name } });
  } catch (error) {
    notify(context, 'error', `${file.name} cannot be read as a text (${(error as Error).message}).`);
  }
}

/** Gives the lab the shipped text that a recipe calibrates with, once. @throws Error where it cannot be fetched */
export async function provideTexts(context: LabContext, { calibration }: Recipe): Promise<void> {
  const { store, lab } = context;
  const { dataSets, providedTexts } = store.getState();
  const shipped = dataSets.find(({ file }) => file === calibration?.text);
  if (!shipped || providedTexts.includes(shipped.file)) return;
  await lab.provideText(await fetchDataSet(shipped));
  store.setState((state) => ({ providedTexts: [...state.providedTexts, shipped.file] }));
}

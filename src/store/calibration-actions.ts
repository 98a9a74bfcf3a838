import { calibrationSchema } from '../compression/recipe/recipe-schema';
import type { CalibrationSettings } from '../lab/protocol/protocol';
import type { LabState } from './lab-state';
import type { LabContext } from './lab-store';
import { setDraft } from './recipe-actions';
import { firstText, addUserText } from './recipe-texts';

/** Default calibration settings; undefined without a text. */
export function defaultCalibration(state: LabState): CalibrationSettings | undefined {
  const text = firstText(state);
  if (!text || !state.model) return undefined;
  const settings = calibrationSchema.parse({ text });
  return { ...settings, length: Math.min(settings.length, state.model.contextLength) };
}

export function changeCalibration(context: LabContext, change: Partial<CalibrationSettings>): void {
  const state = context.store.getState();
  const current = state.draft.calibration ?? defaultCalibration(state);
  if (current) setDraft(context, { ...state.draft, calibration: { ...current, ...change } });
}

/** Uses a file of the user's as the calibration text. */
export async function calibrateWithFile(context: LabContext, file: File): Promise<void> {
  if (await addUserText(context, file)) changeCalibration(context, { text: file.name });
}

import { calibrationSchema } from '../compression/recipe/recipe-schema';
import type { CalibrationSettings } from '../lab/protocol/protocol';
import type { LabState } from './lab-state';
import type { LabContext } from './lab-store';
import { setDraft } from './recipe-actions';
import { firstText, takeOwnText } from './recipe-texts';

/** A calibration to begin with. */
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

/** Takes a file of the user's as the text to calibrate with. */
export async function calibrateWithFile(context: LabContext, file: File): Promise<void> {
  if (await takeOwnText(context, file)) changeCalibration(context, { text: file.name });
}

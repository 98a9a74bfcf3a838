import type { CalibrationSettings } from '../lab/protocol/protocol';
import type { LabState } from './lab-state';
import type { LabContext } from './lab-store';
import { setDraft } from './recipe-actions';
import { firstText, takeOwnText } from './recipe-texts';

const SEQUENCES = 64;
const LENGTH = 128;

/** A calibration to begin with. */
export function defaultCalibration(state: LabState): CalibrationSettings | undefined {
  const text = firstText(state);
  if (!text || !state.model) return undefined;
  return { text, sequences: SEQUENCES, length: Math.min(LENGTH, state.model.contextLength), seed: 0 };
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

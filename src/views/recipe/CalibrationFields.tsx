import { useEffect, useState } from 'react';
import type { CalibrationCost } from '../../lab/protocol/protocol';
import { calibrateWithFile, changeCalibration, defaultCalibration } from '../../store/calibration-actions';
import { provideTexts } from '../../store/recipe-texts';
import { formatBytes, formatDuration } from '../format';
import { useLab, useLabContext } from '../lab-context';
import { NumberField } from '../NumberField';
import { TextChoice } from './TextChoice';
import type { Draft } from '../../store/recipe-draft';

/** The cost is measured on the device, so it waits for a pause in typing. */
const PAUSE_MILLISECONDS = 600;

/** Inputs for the calibration text and its amount, with the estimated cost. */
export function CalibrationFields({ draft }: { draft: Draft }) {
  const context = useLabContext();
  const dataSets = useLab((state) => state.dataSets);
  const contextLength = useLab((state) => state.model?.contextLength ?? 0);
  const settings = draft.calibration;
  useEffect(() => {
    if (!settings && defaultCalibration(context.store.getState())) changeCalibration(context, {});
  }, [settings, context, dataSets]);
  const choice = (
    <TextChoice
      label="Calibration text"
      text={settings?.text}
      onChoose={(text) => changeCalibration(context, { text })}
      onFile={(file) => void calibrateWithFile(context, file)}
    />
  );
  if (!settings) return choice;
  return (
    <fieldset className="subform">
      <legend className="hint">Calibration: what the methods look at, never what is measured on</legend>
      {choice}
      <div className="row">
        <NumberField
          label="Sequences"
          value={settings.sequences}
          min={1}
          max={65536}
          onChange={(sequences) => changeCalibration(context, { sequences })}
        />
        <NumberField
          label="Tokens each"
          value={settings.length}
          min={2}
          max={contextLength}
          onChange={(length) => changeCalibration(context, { length })}
        />
        <NumberField
          label="Seed"
          value={settings.seed}
          min={0}
          max={2 ** 31}
          onChange={(seed) => changeCalibration(context, { seed })}
        />
      </div>
      <Cost key={JSON.stringify([draft.steps, settings])} draft={draft} />
    </fieldset>
  );
}

/** Cost measured on this device after a pause in typing, while nothing else runs. */
function Cost({ draft }: { draft: Draft }) {
  const context = useLabContext();
  const busy = useLab((state) => state.operation !== undefined);
  const [cost, setCost] = useState<CalibrationCost | string>();
  useEffect(() => {
    if (busy || cost !== undefined) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const measure = async () => {
        await provideTexts(context, draft);
        return context.lab.calibrationCost(draft, { signal: controller.signal });
      };
      measure().then(
        (measured) => !controller.signal.aborted && setCost(measured),
        (error: Error) => !controller.signal.aborted && setCost(error.message),
      );
    }, PAUSE_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [busy, context, cost, draft]);
  if (cost === undefined) return <p className="hint">Measuring what this takes …</p>;
  if (typeof cost === 'string')
    return (
      <p className="problem" role="alert">
        {cost}
      </p>
    );
  return (
    <p className="hint">
      Takes about {formatDuration(cost.seconds)} here and {formatBytes(cost.bytes)} of GPU memory.
    </p>
  );
}

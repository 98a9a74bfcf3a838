import type { TrainingTextSettings } from '../../lab/protocol/protocol';
import { NumberField } from '../NumberField';
import { TextChoice } from './TextChoice';

interface TrainingTextProps {
  /** For example "Training text". */
  readonly label: string;
  readonly legend: string;
  /** Undefined until a text is chosen. */
  readonly settings: TrainingTextSettings | undefined;
  onChange(change: Partial<TrainingTextSettings>): void;
  onFile(file: File): void;
}

/** Inputs for a training text and the share of it that is held out for validation. */
export function TrainingText({ label, legend, settings, onChange, onFile }: TrainingTextProps) {
  const choice = (
    <TextChoice label={label} text={settings?.text} onChoose={(text) => onChange({ text })} onFile={onFile} />
  );
  if (!settings) return choice;
  return (
    <fieldset className="subform">
      <legend className="hint">{legend}</legend>
      {choice}
      <div className="row">
        <NumberField
          label="Held out, %"
          value={Math.round(100 * settings.heldOutShare)}
          min={0}
          max={50}
          onChange={(percent) => onChange({ heldOutShare: percent / 100 })}
        />
        <NumberField
          label="Seed of the held-out split"
          value={settings.seed}
          min={0}
          max={2 ** 31}
          onChange={(seed) => onChange({ seed })}
        />
      </div>
    </fieldset>
  );
}

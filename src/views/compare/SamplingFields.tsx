/** How a continuation is drawn. */
export interface SamplingSettings {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
}

export const INITIAL_SAMPLING: SamplingSettings = { temperature: 0, topK: 40, topP: 1, seed: 1 };

const FIELDS: readonly {
  readonly key: keyof SamplingSettings;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}[] = [
  {
    key: 'temperature',
    label: 'Temperature',
    hint: '0 takes the most likely token each time.',
    min: 0,
    max: 2,
    step: 0.1,
  },
  {
    key: 'topK',
    label: 'Top-k',
    hint: 'Tokens are drawn from so many of the most likely.',
    min: 1,
    max: 1000,
    step: 1,
  },
  {
    key: 'topP',
    label: 'Top-p',
    hint: 'Of these, the fewest that together reach this probability; 1 keeps all.',
    min: 0.05,
    max: 1,
    step: 0.05,
  },
  {
    key: 'seed',
    label: 'Seed',
    hint: 'The same seed draws the same tokens again.',
    min: 0,
    max: 999999,
    step: 1,
  },
];

interface Props {
  readonly value: SamplingSettings;
  readonly onChange: (value: SamplingSettings) => void;
}

/** Temperature, and what else decides once it is above 0. */
export function SamplingFields({ value, onChange }: Props) {
  const fields = value.temperature > 0 ? FIELDS : FIELDS.slice(0, 1);
  return fields.map(({ key, label, hint, ...range }) => (
    <label key={key} className="field narrow" title={hint}>
      <span>{label}</span>
      <input
        type="number"
        {...range}
        value={value[key]}
        onChange={(event) => onChange({ ...value, [key]: Number(event.target.value) })}
      />
    </label>
  ));
}

/** Sampling parameters of a continuation. */
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
    hint: '0 always takes the most likely token.',
    min: 0,
    max: 2,
    step: 0.1,
  },
  {
    key: 'topK',
    label: 'Top-k',
    hint: 'Number of most likely tokens to sample from.',
    min: 1,
    max: 1000,
    step: 1,
  },
  {
    key: 'topP',
    label: 'Top-p',
    hint: 'Samples from the fewest of these tokens whose probabilities add up to this; 1 keeps all.',
    min: 0.05,
    max: 1,
    step: 0.05,
  },
  {
    key: 'seed',
    label: 'Seed',
    hint: 'The same seed draws the same tokens.',
    min: 0,
    max: 999999,
    step: 1,
  },
];

interface Props {
  readonly value: SamplingSettings;
  readonly onChange: (value: SamplingSettings) => void;
}

/** Inputs for the temperature and, above 0, for the other sampling parameters. */
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

import type { ParameterDescription } from '../../lab/protocol/protocol';
import { useText } from './use-text';

interface FieldInputProps {
  readonly name: string;
  readonly field: ParameterDescription;
  readonly value: unknown;
  /** Undefined omits the parameter. */
  onChange(value: unknown): void;
}

/** Control for one parameter, as its method's schema describes it. */
export function FieldInput({ name, field, value, onChange }: FieldInputProps) {
  return (
    <label className={field.kind === 'number' ? 'field' : 'field wide'} title={field.help}>
      <span>
        {field.label}
        {field.optional && <small> (optional)</small>}
      </span>
      {field.kind === 'choice' && (
        <select
          name={name}
          value={String(value ?? field.default)}
          onChange={(event) =>
            onChange(field.options.find((option) => String(option.value) === event.target.value)?.value)
          }
        >
          {field.options.map((option) => (
            <option key={String(option.value)} value={String(option.value)}>
              {option.label}
            </option>
          ))}
        </select>
      )}
      {field.kind === 'number' && (
        <input
          name={name}
          type="number"
          min={field.min}
          max={field.max}
          step={field.step}
          value={value === undefined ? '' : String(value)}
          placeholder={field.optional ? 'not set' : String(field.default)}
          onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
        />
      )}
      {field.kind === 'text' && (
        <TextInput name={name} value={value} placeholder={field.placeholder} onChange={onChange} />
      )}
    </label>
  );
}

interface TextInputProps {
  readonly name: string;
  readonly value: unknown;
  readonly placeholder: string;
  onChange(value: unknown): void;
}

function TextInput({ name, value, placeholder, onChange }: TextInputProps) {
  const [text, setText] = useText(textOf(value), (typed) => textOf(parseText(typed)));
  return (
    <input
      name={name}
      value={text}
      placeholder={placeholder}
      onChange={(event) => {
        setText(event.target.value);
        onChange(parseText(event.target.value));
      }}
    />
  );
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Parses a list as JSON and anything else as text; an empty text omits the parameter. */
function parseText(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (!trimmed.startsWith('[')) return trimmed;
  try {
    return JSON.parse(trimmed);
  } catch {
    return trimmed;
  }
}

import type { FieldDescription } from '../../lab/protocol/protocol';
import { FieldInput } from './FieldInput';

interface StepFieldsProps {
  readonly fields: Readonly<Record<string, FieldDescription>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  onChange(name: string, value: unknown): void;
}

/** A method's own form. What few people ever change is folded away, and counted where the recipe has changed it. */
export function StepFields({ fields, parameters, onChange }: StepFieldsProps) {
  const entries = Object.entries(fields);
  const folded = entries.filter(([, field]) => isRarelyChanged(field));
  const changed = folded.filter(([name, field]) => isChanged(field, parameters[name])).length;
  const inputs = (shown: typeof entries) => (
    <div className="fields">
      {shown.map(([name, field]) => (
        <FieldInput
          key={name}
          name={name}
          field={field}
          value={parameters[name]}
          onChange={(value) => onChange(name, value)}
        />
      ))}
    </div>
  );
  return (
    <>
      {inputs(entries.filter(([, field]) => !isRarelyChanged(field)))}
      {folded.length > 0 && (
        <details>
          <summary>
            {folded.length} more settings{changed > 0 && `, ${changed} changed`}
          </summary>
          {inputs(folded)}
        </details>
      )}
    </>
  );
}

function isRarelyChanged(field: FieldDescription): boolean {
  return field.kind !== 'text' && (field.rarelyChanged ?? false);
}

function isChanged(field: FieldDescription, value: unknown): boolean {
  const startsUnset = field.kind === 'number' && field.startsUnset;
  return value !== undefined && (startsUnset || value !== field.default);
}

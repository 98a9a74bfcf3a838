import type { ParameterDescription } from '../../lab/protocol/protocol';
import { FieldInput } from './FieldInput';

interface StepFieldsProps {
  readonly parameters: Readonly<Record<string, ParameterDescription>>;
  readonly values: Readonly<Record<string, unknown>>;
  onChange(name: string, value: unknown): void;
}

/**
 * Form of a method's parameters. Advanced parameters are folded away; the fold shows how many the recipe has changed.
 */
export function StepFields({ parameters, values, onChange }: StepFieldsProps) {
  const entries = Object.entries(parameters);
  const folded = entries.filter(([, { advanced }]) => advanced);
  const changed = folded.filter(([name, field]) => isChanged(field, values[name])).length;
  const inputs = (shown: typeof entries) => (
    <div className="fields">
      {shown.map(([name, field]) => (
        <FieldInput
          key={name}
          name={name}
          field={field}
          value={values[name]}
          onChange={(value) => onChange(name, value)}
        />
      ))}
    </div>
  );
  return (
    <>
      {inputs(entries.filter(([, { advanced }]) => !advanced))}
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

function isChanged(field: ParameterDescription, value: unknown): boolean {
  return value !== undefined && value !== field.default;
}

import { z } from 'zod';

/** Presentation of a parameter on its control, in the command line's help, and in docs/parameters.md. */
interface ParameterMeta {
  readonly label: string;
  /** One or two sentences: its effect, and what a good value depends on. */
  readonly help: string;
  /** Rarely changed: folded away in the form. */
  readonly advanced?: boolean;
}

interface NumberMeta extends ParameterMeta {
  /** Step of the control; 1 for integers, required for other numbers. */
  readonly step?: number;
  readonly unit?: string;
  /** Bounds of the control where they are narrower than those of the schema. */
  readonly min?: number;
  readonly max?: number;
  /** Initial value in a form if the schema has no default; otherwise the form begins empty. */
  readonly initial?: number;
}

interface ChoiceMeta<Value extends Choice> extends ParameterMeta {
  /** Labels of the values that need one. Booleans are offered in the order of their labels. */
  readonly labels?: { readonly [Text in `${Value}`]?: string };
  /** As for numbers. */
  readonly initial?: Value;
}

interface TextMeta extends ParameterMeta {
  /** Examples of valid text. */
  readonly placeholder: string;
}

export type Choice = string | number | boolean;

/** Metadata of a parameter by its type: number, choice, or text (patterns, lists, "auto"). */
export type MetaOf<Value> = [Value] extends [Choice]
  ? number extends Value
    ? NumberMeta
    : string extends Value
      ? TextMeta
      : ChoiceMeta<Value>
  : TextMeta;

export type AnyMeta = Partial<NumberMeta & ChoiceMeta<Choice> & TextMeta> & ParameterMeta;

/** Metadata by schema. A separate registry, as zod's global one accepts unknown keys. */
export const PARAMETER_META = z.registry<AnyMeta>();

/**
 * Declares a parameter. Its schema validates a recipe and fills in the default; forms, help and documentation derive
 * from both (`describeParameters`).
 * @param schema created for this parameter; with its default, or optional
 */
export function parameter<Schema extends z.ZodType>(
  schema: Schema,
  meta: MetaOf<Exclude<z.output<Schema>, undefined>>,
): Schema {
  PARAMETER_META.add(schema, meta as AnyMeta);
  return schema;
}

/** Seed of random numbers. @param help describes what it determines */
export function seedParameter(help: string, more: Pick<NumberMeta, 'advanced' | 'max'> = {}) {
  const seed = z.number().int().nonnegative().default(0);
  return parameter(seed, { label: 'Seed', max: 2 ** 31 - 1, ...more, help });
}

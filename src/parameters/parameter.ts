import { z } from 'zod';

/** How a parameter reads to people: on its control, in the command line's help, and in docs/parameters.md. */
interface ParameterMeta {
  readonly label: string;
  /** One or two sentences: what it does, and what a good value depends on. */
  readonly help: string;
  /** Few people ever change it: the form keeps it folded away. */
  readonly advanced?: boolean;
}

interface NumberMeta extends ParameterMeta {
  /** Between two values of the control; 1 for integers, required for other numbers. */
  readonly step?: number;
  readonly unit?: string;
  /** Bounds of the control where they are narrower than those of the schema. */
  readonly min?: number;
  readonly max?: number;
  /** Value that a form begins with where the schema has no default; without one, it begins unset. */
  readonly initial?: number;
}

interface ChoiceMeta<Value extends Choice> extends ParameterMeta {
  /** Of the values that do not speak for themselves. Booleans are offered in the order of their labels. */
  readonly labels?: { readonly [Text in `${Value}`]?: string };
  /** As for numbers. */
  readonly initial?: Value;
}

interface TextMeta extends ParameterMeta {
  /** Examples of what may be typed. */
  readonly placeholder: string;
}

export type Choice = string | number | boolean;

/** Metadata of a parameter with such values: a number, one of some values, or text (patterns, lists, "auto"). */
export type MetaOf<Value> = [Value] extends [Choice]
  ? number extends Value
    ? NumberMeta
    : string extends Value
      ? TextMeta
      : ChoiceMeta<Value>
  : TextMeta;

export type AnyMeta = Partial<NumberMeta & ChoiceMeta<Choice> & TextMeta> & ParameterMeta;

/** Metadata by schema. A registry of our own, as zod's global one takes keys that nothing reads. */
export const PARAMETER_META = z.registry<AnyMeta>();

/**
 * Declares a parameter. Its schema checks a recipe and fills in the default; form, help and documentation follow from both
 * (`describeParameters`).
 * @param schema made for this parameter; with its default, or optional
 */
export function parameter<Schema extends z.ZodType>(
  schema: Schema,
  meta: MetaOf<Exclude<z.output<Schema>, undefined>>,
): Schema {
  PARAMETER_META.add(schema, meta as AnyMeta);
  return schema;
}

/** Seed of random numbers. @param help what it fixes */
export function seedParameter(help: string, more: Pick<NumberMeta, 'advanced' | 'max'> = {}) {
  const seed = z.number().int().nonnegative().default(0);
  return parameter(seed, { label: 'Seed', max: 2 ** 31 - 1, ...more, help });
}

import { z } from 'zod';
import { type AnyMeta, type Choice, PARAMETER_META } from './parameter';

interface Described {
  readonly label: string;
  readonly help: string;
  /** A recipe must contain it. */
  readonly required: boolean;
  /** A recipe may omit it, and it has no default. */
  readonly optional: boolean;
  /** Initial value in a form; undefined: empty. */
  readonly default?: unknown;
  /** Rarely changed. */
  readonly advanced: boolean;
}

export interface NumberDescription extends Described {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
}

export interface ChoiceDescription extends Described {
  readonly kind: 'choice';
  readonly options: readonly { readonly value: Choice; readonly label: string }[];
}

/** Free text that the schema parses: a pattern such as 2:4, a list, "auto". */
export interface TextDescription extends Described {
  readonly kind: 'text';
  readonly placeholder: string;
}

/** Description of a parameter for forms, help and documentation; plain data. */
export type ParameterDescription = NumberDescription | ChoiceDescription | TextDescription;

/**
 * Describes the parameters that a schema declares, in their order.
 * @throws Error where one was not declared by `parameter`, or its control would have no bounds or step
 */
export function describeParameters({ shape }: z.ZodObject): Readonly<Record<string, ParameterDescription>> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [name, describeParameter(name, schema as z.ZodType)]),
  );
}

function describeParameter(name: string, schema: z.ZodType): ParameterDescription {
  const meta = PARAMETER_META.get(schema);
  if (!meta) throw new Error(`The parameter "${name}" has no label; declare it by parameter(schema, …).`);
  const { label, help, advanced = false } = meta;
  const initial = schema instanceof z.ZodDefault ? schema.def.defaultValue : meta.initial;
  const required = !schema.safeParse(undefined).success;
  const optional = schema instanceof z.ZodOptional;
  const common = { label, help, required, optional, default: initial, advanced };
  const value = valueSchema(schema);
  if (value instanceof z.ZodNumber) return { kind: 'number', ...common, ...range(name, value, meta) };
  const choices = choicesOf(value, meta);
  if (choices) return { kind: 'choice', ...common, options: choices };
  return { kind: 'text', ...common, placeholder: meta.placeholder ?? '' };
}

/** The schema of the value itself, without its default. */
function valueSchema(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
    ? valueSchema(schema.unwrap() as z.ZodType)
    : schema;
}

/** Bounds and step of a control: those of the metadata, or of the schema; an excluded bound is moved by one step. */
function range(name: string, schema: z.ZodNumber, meta: AnyMeta) {
  const { type, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = z.toJSONSchema(schema);
  const { unit, step = type === 'integer' ? 1 : undefined } = meta;
  if (step === undefined)
    throw new Error(`The parameter "${name}" is not an integer; its metadata needs a "step".`);
  const min = meta.min ?? minimum ?? within(exclusiveMinimum, step);
  const max = meta.max ?? within(exclusiveMaximum, -step) ?? maximum;
  if (min === undefined || max === undefined || max === Number.MAX_SAFE_INTEGER)
    throw new Error(`The parameter "${name}" has no bounds; its metadata needs a "min" and a "max".`);
  return { min, max, step, unit };
}

function within(excluded: number | boolean | undefined, step: number): number | undefined {
  return typeof excluded === 'number' ? excluded + step : undefined;
}

/** Options of the value; undefined for schemas of free text. */
function choicesOf(schema: z.ZodType, { labels = {} }: AnyMeta): ChoiceDescription['options'] | undefined {
  const label = (value: Choice) => labels[`${value}`] ?? String(value);
  const described = (values: readonly Choice[]) => values.map((value) => ({ value, label: label(value) }));
  if (schema instanceof z.ZodEnum) return described(schema.options);
  if (schema instanceof z.ZodLiteral) return described([...schema.values] as Choice[]);
  if (schema instanceof z.ZodBoolean) return described(Object.keys(labels).map((text) => text === 'true'));
  return undefined;
}

import { z } from 'zod';
import type { DataKind, Evaluation } from '../src/evaluation/evaluation';
import { describeParameters, type ParameterDescription } from '../src/parameters/describe-parameters';
import { UsageError } from './usage-error';

/** A requested evaluation. */
export interface EvaluationArguments {
  readonly id: string;
  readonly file: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Values of options as `parseArgs` gives them. */
type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** `maxWindows` → `max-windows` */
const optionOf = (parameter: string) => parameter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const parametersOf = ({ parameters }: Evaluation) => Object.entries(describeParameters(parameters));

/** Options of all evaluations, for `parseArgs`; one name may be a parameter of several. */
export function evaluationOptions(evaluations: readonly Evaluation[]): Record<string, { type: 'string' }> {
  const names = evaluations.flatMap(parametersOf).map(([parameter]) => optionOf(parameter));
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

/**
 * Requested evaluations, each with its parameters.
 * @throws UsageError naming the option and its valid values
 */
export function evaluationArguments(
  requested: readonly string[],
  values: OptionValues,
  evaluations: readonly Evaluation[],
): EvaluationArguments[] {
  const chosen = requested.map((text) => parseRequest(text, evaluations));
  refuseRepeated(chosen.map(({ evaluation }) => evaluation.id));
  const parsed = parseOptions(values, evaluations);
  refuseUnused(
    Object.keys(parsed),
    chosen.map(({ evaluation }) => evaluation),
    evaluations,
  );
  return chosen.map(({ evaluation, file }) => ({
    id: evaluation.id,
    file,
    parameters: Object.fromEntries(
      parametersOf(evaluation).flatMap(([name]) => (name in parsed ? [[name, parsed[name]]] : [])),
    ),
  }));
}

function parseRequest(
  text: string,
  evaluations: readonly Evaluation[],
): { evaluation: Evaluation; file: string } {
  const [id, ...rest] = text.split('=');
  const file = rest.join('=');
  const evaluation = evaluations.find((each) => each.id === id);
  if (evaluation && file) return { evaluation, file };
  const known = evaluations.map((each) => each.id).join(', ');
  throw new UsageError(`--evaluate takes ID=FILE with ${known}; it was given "${text}".`);
}

/** A report has one figure for each evaluation; a second text would overwrite the first. */
function refuseRepeated(ids: readonly string[]): void {
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated === undefined) return;
  throw new UsageError(`--evaluate ${repeated}=… is given twice; run the lab once for each text.`);
}

function parseOptions(values: OptionValues, evaluations: readonly Evaluation[]): Record<string, unknown> {
  const parsed: Record<string, unknown> = {};
  for (const evaluation of evaluations) {
    for (const [name, description] of parametersOf(evaluation)) {
      const text = values[optionOf(name)];
      if (typeof text !== 'string') continue;
      const result = z.safeParse(evaluation.parameters.shape[name], valueOf(description, text));
      if (!result.success) {
        const [{ message }] = result.error.issues;
        throw new UsageError(`--${optionOf(name)} ${message}; it was given "${text}".`);
      }
      parsed[name] = result.data;
    }
  }
  return parsed;
}

function valueOf(description: ParameterDescription, text: string): unknown {
  if (description.kind === 'number') return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (description.kind === 'choice')
    return description.options.find(({ value }) => String(value) === text)?.value ?? text;
  return text;
}

function refuseUnused(
  names: readonly string[],
  chosen: readonly Evaluation[],
  evaluations: readonly Evaluation[],
): void {
  const takes = (evaluation: Evaluation, name: string) => name in evaluation.parameters.shape;
  const unused = names.find((name) => !chosen.some((evaluation) => takes(evaluation, name)));
  if (unused === undefined) return;
  const takers = evaluations.filter((evaluation) => takes(evaluation, unused)).map(({ id }) => id);
  throw new UsageError(
    `--${optionOf(unused)} belongs to --evaluate ${takers.join('=… or ')}=…, which is missing; see --help.`,
  );
}

const SUFFIXES: Readonly<Record<DataKind, string>> = { text: 'FILE.txt', labelled: 'FILE.tsv' };

/** Lines of the help: each evaluation, followed by its options. */
export function evaluationHelp(evaluations: readonly Evaluation[]): string {
  return evaluations
    .flatMap((evaluation) => [
      line(
        4,
        `${evaluation.id}=${SUFFIXES[evaluation.data[0]]}`,
        `${evaluation.tasks.join(', ')}: ${evaluation.summary}`,
      ),
      ...parametersOf(evaluation).map(([name, description]) =>
        line(6, `--${optionOf(name)} ${valueInWords(description)}`, description.help),
      ),
    ])
    .join('\n');
}

function valueInWords(description: ParameterDescription): string {
  if (description.kind === 'choice') return description.options.map(({ value }) => value).join('|');
  return description.kind === 'number' ? 'N' : 'TEXT';
}

const DESCRIPTION_COLUMN = 33;

const line = (indent: number, name: string, description: string) =>
  `${' '.repeat(indent)}${name}  `.padEnd(DESCRIPTION_COLUMN) + description;

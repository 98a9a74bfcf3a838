import { parseArgs } from 'node:util';

/** What is wrong with the command line, in one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type Measure = 'perplexity' | 'pseudo-perplexity' | 'accuracy';

export interface CommandLine {
  readonly model: string;
  readonly recipes: readonly string[];
  /** Texts that recipes may calibrate with. */
  readonly calibrations: readonly string[];
  /** Texts that recipes may train on. */
  readonly trainings: readonly string[];
  /** Folder where runs of training are kept, so that one that broke off goes on and none is made twice. */
  readonly state?: string;
  /** Megabytes (10⁶ bytes) that the folder may take; absent: as many as there is room for. */
  readonly stateLimit?: number;
  readonly evaluations: readonly { measure: Measure; file: string }[];
  /** Default: the model's context, at most 256. */
  readonly window?: number;
  readonly stride?: number;
  readonly maxWindows?: number;
  readonly maxExamples?: number;
  readonly maxTokens?: number;
  readonly report?: string;
  readonly export?: string;
  /** Hold every kind of kernel against the CPU first. */
  readonly selfTest: boolean;
  readonly latency: boolean;
  readonly runs: number;
  readonly prefill?: number;
  readonly decode?: number;
}

export const USAGE = `lathe --model DIR [options]

Compresses a checkpoint by recipes, evaluates it and its variants, and prints one JSON document.

  --model DIR                    a Hugging Face folder: config.json, model.safetensors, tokenizer
  --recipe FILE.json             a recipe; may be given several times; none: the base alone
  --calibrate FILE               a text that recipes may calibrate with, by its file name; may be given several times
  --train FILE                   a text that recipes may train on; as --calibrate
  --state DIR                    keep trainings there: one that broke off goes on, and what one came to is taken again
  --state-limit MB               of what trainings came to, keep what was used last within so many megabytes
  --evaluate MEASURE=FILE        perplexity=FILE.txt, pseudo-perplexity=FILE.txt or accuracy=FILE.tsv; each once
  --window N --stride N          tokens of a perplexity window and from one to the next
  --max-windows N                windows at most
  --max-examples N               examples of an accuracy at most
  --max-tokens N                 tokens of a pseudo-perplexity at most
  --latency                      measure prefill and decode, wall and GPU time, all variants in turn
  --runs N --prefill N --decode N   runs and tokens of the latency measurement
  --report OUT.json              write the document to a file too
  --export DIR                   write DIR/<variant>/<export> for each export that can hold the variant
  --self-test                    first hold every kind of kernel against the CPU; end where one computes something else
  --help                         this text`;

const MEASURES: readonly Measure[] = ['perplexity', 'pseudo-perplexity', 'accuracy'];
const DEFAULT_RUNS = 5;

/** @throws UsageError naming the option and what it takes; returns undefined for --help */
export function parseCommandLine(args: readonly string[]): CommandLine | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const evaluations = (values.evaluate ?? []).map(parseEvaluation);
  refuseRepeated(evaluations.map(({ measure }) => measure));
  if (values['state-limit'] !== undefined && values.state === undefined)
    throw new UsageError('--state-limit bounds the folder of --state DIR, which is missing; see --help.');
  if (!values.model) throw new UsageError('--model DIR is missing; see --help.');
  return {
    model: values.model,
    recipes: values.recipe ?? [],
    calibrations: values.calibrate ?? [],
    trainings: values.train ?? [],
    state: values.state,
    stateLimit: positive('state-limit', values['state-limit']),
    evaluations,
    window: positive('window', values.window),
    stride: positive('stride', values.stride),
    maxWindows: positive('max-windows', values['max-windows']),
    maxExamples: positive('max-examples', values['max-examples']),
    maxTokens: positive('max-tokens', values['max-tokens']),
    report: values.report,
    export: values.export,
    selfTest: values['self-test'] ?? false,
    latency: values.latency ?? false,
    runs: positive('runs', values.runs) ?? DEFAULT_RUNS,
    prefill: positive('prefill', values.prefill),
    decode: positive('decode', values.decode),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        model: { type: 'string' },
        recipe: { type: 'string', multiple: true },
        calibrate: { type: 'string', multiple: true },
        train: { type: 'string', multiple: true },
        state: { type: 'string' },
        'state-limit': { type: 'string' },
        evaluate: { type: 'string', multiple: true },
        window: { type: 'string' },
        stride: { type: 'string' },
        'max-windows': { type: 'string' },
        'max-examples': { type: 'string' },
        'max-tokens': { type: 'string' },
        report: { type: 'string' },
        export: { type: 'string' },
        latency: { type: 'boolean' },
        runs: { type: 'string' },
        prefill: { type: 'string' },
        decode: { type: 'string' },
        'self-test': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\.\s/)[0].replace(/\.$/, '')}; see --help.`);
  }
}

function parseEvaluation(text: string): { measure: Measure; file: string } {
  const [measure, ...rest] = text.split('=');
  const file = rest.join('=');
  if (MEASURES.includes(measure as Measure) && file) return { measure: measure as Measure, file };
  throw new UsageError(`--evaluate takes MEASURE=FILE with ${MEASURES.join(', ')}; it was given "${text}".`);
}

/** A report has one figure a measure; a second text would take the place of the first. */
function refuseRepeated(measures: readonly Measure[]): void {
  const repeated = measures.find((measure, index) => measures.indexOf(measure) !== index);
  if (repeated === undefined) return;
  throw new UsageError(`--evaluate ${repeated}=… is given twice; run the lab once for each text.`);
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`--${option} takes a positive integer; it was given "${text}".`);
}

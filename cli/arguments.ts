import { parseArgs } from 'node:util';
import { EVALUATIONS } from '../src/evaluation/evaluations';
import {
  evaluationArguments,
  type EvaluationArguments,
  evaluationHelp,
  evaluationOptions,
} from './evaluation-options';
import { UsageError } from './usage-error';

export interface CommandLine {
  readonly model: string;
  readonly recipes: readonly string[];
  /** Calibration texts for recipes. */
  readonly calibrations: readonly string[];
  /** Training texts for recipes. */
  readonly trainings: readonly string[];
  /** Folder for states and results of training, so that interrupted runs resume and finished ones are reused. */
  readonly state?: string;
  /** Size limit of the folder in megabytes (10⁶ bytes); absent: unlimited. */
  readonly stateLimit?: number;
  readonly evaluations: readonly EvaluationArguments[];
  readonly report?: string;
  readonly export?: string;
  /** Compare every kind of kernel with the CPU first. */
  readonly selfTest: boolean;
  readonly latency: boolean;
  readonly runs: number;
  readonly prefill?: number;
  readonly decode?: number;
}

/** Text of `--help`. */
export const usage = (evaluations = EVALUATIONS) => `lathe --model DIR [options]

Compresses a checkpoint by recipes, evaluates it and its variants, and prints one JSON document.

  --model DIR                    a Hugging Face folder: config.json, model.safetensors, tokenizer
  --recipe FILE.json             a recipe; may be given several times; without one: the base alone
  --calibrate FILE               a calibration text, which recipes name by its file name; may be given several times
  --train FILE                   a training text; like --calibrate
  --state DIR                    save training runs there: interrupted runs resume, and finished results are reused
  --state-limit MB               size limit of that folder in megabytes; the least recently used results are evicted
  --evaluate ID=FILE             measure on a text; may be given several times, once for each ID, with its options:
${evaluationHelp(evaluations)}
  --latency                      measure wall and GPU time of prefill and decode, alternating between variants
  --runs N --prefill N --decode N   runs and tokens of the latency measurement
  --report OUT.json              also write the document to a file
  --export DIR                   write DIR/<variant>/<export> for each export that can hold the variant
  --self-test                    first compare every kind of kernel with the CPU; stop if one differs
  --help                         this text
  --help METHOD                  description and parameters of a method`;

const DEFAULT_RUNS = 5;

/** Request of `--help`: a method, or undefined for the usage. */
export interface HelpRequest {
  readonly helpOn: string | undefined;
}

/** @throws UsageError naming the option and its valid values */
export function parseCommandLine(
  args: readonly string[],
  evaluations = EVALUATIONS,
): CommandLine | HelpRequest {
  const { values, positionals } = parse(args, evaluationOptions(evaluations));
  if (values.help) return { helpOn: positionals[0] };
  const requested = evaluationArguments(values.evaluate ?? [], values, evaluations);
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
    evaluations: requested,
    report: values.report,
    export: values.export,
    selfTest: values['self-test'] ?? false,
    latency: values.latency ?? false,
    runs: positive('runs', values.runs) ?? DEFAULT_RUNS,
    prefill: positive('prefill', values.prefill),
    decode: positive('decode', values.decode),
  };
}

function parse(args: readonly string[], options: ReturnType<typeof evaluationOptions>) {
  try {
    return parseArgs({
      args: [...args],
      // Only the method that help is asked on.
      allowPositionals: args.includes('--help'),
      options: {
        ...options,
        model: { type: 'string' },
        recipe: { type: 'string', multiple: true },
        calibrate: { type: 'string', multiple: true },
        train: { type: 'string', multiple: true },
        state: { type: 'string' },
        'state-limit': { type: 'string' },
        evaluate: { type: 'string', multiple: true },
        report: { type: 'string' },
        export: { type: 'string' },
        latency: { type: 'boolean' },
        runs: { type: 'string' },
        prefill: { type: 'string' },
        decode: { type: 'string' },
        'self-test': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\.\s/)[0].replace(/\.$/, '')}; see --help.`);
  }
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`--${option} takes a positive integer; it was given "${text}".`);
}

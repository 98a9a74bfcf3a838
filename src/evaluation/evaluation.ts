import type { z } from 'zod';
import type { ModelConfig, Task, TokenBatch } from '../model/model';
import type { OperationOptions } from '../progress/progress';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import type { Estimate } from './statistics';

export type DataKind = 'text' | 'labelled';

/** Text or labelled set, with its content inline, so that neither side of the lab reads the other's files. */
export interface DataSet {
  readonly name: string;
  readonly kind: DataKind;
  /** `labelled`: lines of `sentence<TAB>label`, with or without a header line. */
  readonly content: string;
}

/**
 * Description of a number that an evaluation reports for a model. Tables, charts, reports and documentation are derived from
 * it.
 */
export interface Figure {
  /** Key in reports. */
  readonly id: string;
  readonly title: string;
  /** One sentence for tooltips and the documentation. */
  readonly hint: string;
  readonly format: 'number' | 'percent';
  /** Direction of better values; figures without one are not charted. */
  readonly better?: 'lower' | 'higher';
  /** Whether the figure has a standard error. */
  readonly interval: boolean;
  /** Hidden in the table on the screen, which has little room; shown in copies and side by side. */
  readonly isDetail?: boolean;
}

/** Values of figures by id. Figures relative to the base are absent for the base. */
export type FigureValues<F extends Figure = Figure> = {
  readonly [Each in F as Each['id']]?: Each['interval'] extends true
    ? Estimate
    : Each['interval'] extends false
      ? number
      : Estimate | number;
};

/** Result of an evaluation for one model. */
export interface Measurement<F extends Figure = Figure> {
  readonly figures: FigureValues<F>;
  /** Number of predictions or examples that were scored. */
  readonly count: number;
  /** Text, windows and truncation in words: "fairy-tales.test.txt, 16 windows of 256 tokens, stride 256". */
  readonly protocol: string;
}

/** Scores of one model's predictions at the scored rows of a batch. */
export interface ScoredRows {
  /** Negative log likelihood of each target in nats. */
  readonly losses: readonly number[];
  /** KL(base ‖ model) in nats; empty for the base. */
  readonly kl: readonly number[];
  /** 1 if the base ranks the same token first, else 0; empty for the base. */
  readonly sameTop: readonly number[];
}

/** Base and variants that share a tokenizer and a task, with the forward passes that evaluations run. */
export interface ModelsUnderTest {
  /** Configuration of the base. */
  readonly config: ModelConfig;
  readonly tokenizer: TextTokenizer;
  /**
   * Scores rows of a language model's batch.
   * @param targets id that each row of the batch should predict; rows with a negative target are not scored
   * @param cacheBase caches the base's logits for later evaluations of the same batch, if there is room
   * @returns the base's scores first, then the variants' in order
   */
  score(
    batch: TokenBatch,
    targets: Int32Array,
    options?: { readonly cacheBase?: boolean },
  ): Promise<readonly ScoredRows[]>;
  /** Logits of a batch of a classifier, [batch, labels] row-major: the base's first, then the variants' in order. */
  logits(batch: TokenBatch): Promise<readonly Float32Array[]>;
}

/**
 * Evaluation of models on a text: one file and one line in `evaluations.ts`. It runs models only through `ModelsUnderTest`,
 * so that the page and the command line can read its description without loading an engine.
 */
export interface Evaluation<
  Figures extends readonly [Figure, ...Figure[]] = readonly [Figure, ...Figure[]],
  Parameters extends z.ZodObject = z.ZodObject,
> {
  readonly id: string;
  readonly title: string;
  /** Method in one sentence. */
  readonly summary: string;
  /** Tasks of the models that it evaluates. */
  readonly tasks: readonly Task[];
  /** Kinds of data that it takes, the most common first. */
  readonly data: readonly [DataKind, ...DataKind[]];
  /** Strict object of parameters declared by `parameter`; forms and command-line options are derived from it. */
  readonly parameters: Parameters;
  /** Parameters for a small amount of text: a sensitivity profile evaluates one model for each matrix. */
  readonly quick: z.input<Parameters>;
  /** Figures that it reports. The first is the main figure, whose id prefixes the count and the protocol in reports. */
  readonly figures: Figures;
  /**
   * @returns the base's measurement first, then the variants' in order
   * @throws EvaluationError if the text or a parameter does not fit; the signal's reason when cancelled
   */
  measure(
    models: ModelsUnderTest,
    data: DataSet,
    parameters: z.output<Parameters>,
    options: OperationOptions,
  ): Promise<readonly Measurement<Figures[number]>[]>;
}

/** Returns the evaluation unchanged; the types check `measure` against the declared figures and parameters. */
export function defineEvaluation<
  const Figures extends readonly [Figure, ...Figure[]],
  Parameters extends z.ZodObject,
>(evaluation: Evaluation<Figures, Parameters>): Evaluation<Figures, Parameters> {
  return evaluation;
}

import type { z } from 'zod';
import type { ModelConfig, Task, TokenBatch } from '../model/model';
import type { OperationOptions } from '../progress/progress';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import type { Estimate } from './statistics';

export type DataKind = 'text' | 'labelled';

/** A text or a labelled set, inline, so that no side of the lab needs the other's files. */
export interface DataSet {
  readonly name: string;
  readonly kind: DataKind;
  /** `labelled`: lines of `sentence<TAB>label`, with or without a header line. */
  readonly content: string;
}

/** A number that an evaluation states of a model. Tables, charts, reports and their documentation follow from it. */
export interface Figure {
  /** Key in reports. */
  readonly id: string;
  readonly title: string;
  /** One sentence for tooltips and the documentation. */
  readonly hint: string;
  readonly format: 'number' | 'percent';
  /** Direction of better values; a figure without one is not drawn. */
  readonly better?: 'lower' | 'higher';
  /** It comes with its standard error. */
  readonly interval: boolean;
  /** Left to copies and to the side-by-side view: the table on the screen has room for so many. */
  readonly isDetail?: boolean;
}

/** Values of figures by their ids. Those against the base are absent for the base. */
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
  /** Text, windows and cuts in words: "fairy-tales.test.txt, 16 windows of 256 tokens, stride 256". */
  readonly protocol: string;
}

/** Predictions of one model at the scored rows of a batch. */
export interface ScoredRows {
  /** Negative log likelihood of each target in nats. */
  readonly losses: readonly number[];
  /** KL(base ‖ model) in nats; empty for the base. */
  readonly kl: readonly number[];
  /** 1 where the base ranks the same token first, else 0; empty for the base. */
  readonly sameTop: readonly number[];
}

/** A base and its variants, which share one tokenizer and one task, and the passes through them. */
export interface ModelsUnderTest {
  /** Configuration of the base. */
  readonly config: ModelConfig;
  readonly tokenizer: TextTokenizer;
  /**
   * Scores rows of a batch of a language model.
   * @param targets id that each row of the batch should predict; rows with a negative one are not scored
   * @param keepBase keeps the base's logits for later evaluations of the same batch, as far as there is room
   * @returns the base's scores first, then the variants' in order
   */
  score(
    batch: TokenBatch,
    targets: Int32Array,
    options?: { readonly keepBase?: boolean },
  ): Promise<readonly ScoredRows[]>;
  /** Logits of a batch of a classifier, [batch, labels] row-major: the base's first, then the variants' in order. */
  logits(batch: TokenBatch): Promise<readonly Float32Array[]>;
}

/**
 * A measurement of text: one file, one line in `evaluations.ts`. It runs models through `ModelsUnderTest` alone, so that
 * the page and the command line can read its description without loading an engine.
 */
export interface Evaluation<
  Figures extends readonly [Figure, ...Figure[]] = readonly [Figure, ...Figure[]],
  Parameters extends z.ZodObject = z.ZodObject,
> {
  readonly id: string;
  readonly title: string;
  /** One sentence: how it measures. */
  readonly summary: string;
  /** Tasks of the models that it measures. */
  readonly tasks: readonly Task[];
  /** Data that it takes, the usual kind first. */
  readonly data: readonly [DataKind, ...DataKind[]];
  /** Strict object of parameters declared by `parameter`: forms and command-line options follow from it. */
  readonly parameters: Parameters;
  /** Parameters under which it takes little text: a sensitivity profile measures a model for each matrix. */
  readonly quick: z.input<Parameters>;
  /** Figures that it states; the first is its main one, by which reports name the count and the protocol. */
  readonly figures: Figures;
  /**
   * @returns the base's measurement first, then the variants' in order
   * @throws EvaluationError where the text or a parameter does not fit; the signal's reason when cancelled
   */
  measure(
    models: ModelsUnderTest,
    data: DataSet,
    parameters: z.output<Parameters>,
    options: OperationOptions,
  ): Promise<readonly Measurement<Figures[number]>[]>;
}

/** Returns the evaluation as it is; types hold `measure` to the figures and the parameters that it declares. */
export function defineEvaluation<
  const Figures extends readonly [Figure, ...Figure[]],
  Parameters extends z.ZodObject,
>(evaluation: Evaluation<Figures, Parameters>): Evaluation<Figures, Parameters> {
  return evaluation;
}

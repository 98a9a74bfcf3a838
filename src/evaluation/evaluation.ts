import type { Model, Task } from '../model/model';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import type { BaseLogits } from './base-logits';
import type { DivergenceMetrics } from './divergence-metrics';
import type { Estimate } from './statistics';

/** A text, or lines of `sentence<TAB>label`. */
export interface EvaluationText {
  readonly name: string;
  readonly kind: 'text' | 'labelled';
  readonly content: string;
}

export interface EvaluationRequest {
  readonly kind: string;
  readonly data: EvaluationText;
}

/** A base and its variants, which share one tokenizer. */
export interface ModelsUnderTest {
  readonly base: Model;
  readonly variants: readonly Model[];
  readonly tokenizer: TextTokenizer;
}

export interface EvaluationOptions {
  /** Where the base's logits are kept from one evaluation to the next. */
  readonly baseLogits?: BaseLogits;
  readonly signal?: AbortSignal;
  onProgress?(progress: { label: string; done: number; total: number; unit: string }): void;
}

/** What was measured of one model; divergences are absent for the base. */
export interface Figures extends Partial<DivergenceMetrics> {
  readonly perplexity?: Estimate;
  readonly pseudoPerplexity?: Estimate;
  readonly accuracy?: Estimate;
  readonly f1?: number;
  readonly accuracyDifference?: number;
  /** Predictions or examples that were scored. */
  readonly count: number;
  /** Text, windows and cuts in words. */
  readonly protocol: string;
}

/** A measurement of text: one file, one line in `evaluations.ts`. */
export interface Evaluation<Request extends EvaluationRequest = EvaluationRequest> {
  readonly kind: Request['kind'];
  /** Of the models that it measures. */
  readonly task: Task;
  /**
   * @returns the base's figures first, then the variants' in order
   * @throws EvaluationError where the model or the text does not fit; the signal's reason when cancelled
   */
  measure(models: ModelsUnderTest, request: Request, options: EvaluationOptions): Promise<Figures[]>;
}

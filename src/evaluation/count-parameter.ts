import { z } from 'zod';
import { parameter } from '../parameters/parameter';

const TAKES = 'takes a positive integer';

/** Declares a number of tokens, windows or examples, which may be left out. Its message goes on from its name. */
export function countParameter(meta: {
  readonly label: string;
  readonly help: string;
  readonly unit?: string;
  /** Value that a form begins with; absent: it begins unset. */
  readonly initial?: number;
}) {
  return parameter(z.int(TAKES).positive(TAKES).optional(), { max: 100_000, ...meta });
}

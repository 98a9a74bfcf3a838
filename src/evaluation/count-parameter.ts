import { z } from 'zod';
import { parameter } from '../parameters/parameter';

const TAKES = 'takes a positive integer';

/** Schema of an optional number of tokens, windows or examples. Its error message continues the parameter's name. */
export function countParameter(meta: {
  readonly label: string;
  readonly help: string;
  readonly unit?: string;
  /** Initial value in forms; absent: unset. */
  readonly initial?: number;
}) {
  return parameter(z.int(TAKES).positive(TAKES).optional(), { max: 100_000, ...meta });
}

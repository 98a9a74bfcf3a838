import { z } from 'zod';
import { countParameter } from '../../../src/evaluation/count-parameter';
import { defineEvaluation } from '../../../src/evaluation/evaluation';
import { EvaluationError } from '../../../src/evaluation/evaluation-error';
import { slidingWindows, type TokenWindow } from '../../../src/evaluation/perplexity/windows';
import { joinScores } from '../../../src/evaluation/scores';
import { type Estimate, meanWithError } from '../../../src/evaluation/statistics';
import { requireText } from '../../../src/evaluation/texts/evaluation-text';

/**
 * Sum of the losses in bits over the bytes that they predict (Gao et al. 2020, "The Pile", section 3.1).
 * @param losses of each token, in nats
 * @param bytes UTF-8 bytes of these tokens together
 */
export function bitsPerByte(losses: readonly number[], bytes: number): Estimate {
  const { value, standardError } = meanWithError(losses);
  const perByte = losses.length / bytes / Math.LN2;
  return { value: value * perByte, standardError: standardError * perByte };
}

/** Id that each row of a window predicts: the one after it; −1 where a window before this one has scored that. */
function targetsOf(ids: readonly number[], { begin, end, targetCount }: TokenWindow): Int32Array {
  return Int32Array.from({ length: end - begin }, (_, row) => {
    const predicted = begin + row + 1;
    return predicted >= end - targetCount && predicted < end ? ids[predicted] : -1;
  });
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

const WIDEST_WINDOW = 256;

export const bitsPerByteEvaluation = defineEvaluation({
  id: 'bits-per-byte',
  title: 'Bits per byte',
  summary:
    'Bits that a code by the model would take for each byte of a text, in windows that overlap by half.',
  tasks: ['causal-lm'],
  data: ['text'],
  parameters: z.strictObject({
    window: countParameter({
      label: 'Window',
      unit: 'tokens',
      help: `Tokens of a window; by default the model's context, at most ${WIDEST_WINDOW}.`,
    }),
    maxCharacters: countParameter({
      label: 'Characters',
      help: 'Characters at most, from the beginning; by default the whole text.',
    }),
  }),
  quick: { maxCharacters: 2000 },
  figures: [
    {
      id: 'bitsPerByte',
      title: 'Bits per byte',
      hint: 'Mean loss a byte of the text, in bits; models of any vocabulary compare. ± is the standard error.',
      format: 'number',
      better: 'lower',
      interval: true,
    },
  ],

  async measure(models, data, { window: wanted, maxCharacters }, { signal, onProgress }) {
    requireText(data);
    const { tokenizer, config } = models;
    const window = wanted ?? Math.min(WIDEST_WINDOW, config.contextLength);
    if (window < 2 || window > config.contextLength)
      throw new EvaluationError(`A window has 2 to ${config.contextLength} tokens, not ${window}.`);
    const text = data.content.slice(0, maxCharacters);
    const ids = await tokenizer.encodeLong(text, { signal });
    const windows = slidingWindows(ids.length, { window, stride: Math.ceil(window / 2) });
    const scores = [];
    for (const [done, each] of windows.entries()) {
      signal?.throwIfAborted();
      onProgress?.({ label: `Bits per byte of ${data.name}`, done, total: windows.length, unit: 'windows' });
      const length = each.end - each.begin;
      const batch = { ids: Int32Array.from(ids.slice(each.begin, each.end)), batch: 1, length };
      scores.push(await models.score(batch, targetsOf(ids, each)));
    }
    // Nothing predicts the first token.
    const bytes = bytesOf(text) - bytesOf(tokenizer.token(ids[0]));
    return joinScores(scores).map(({ losses }) => ({
      figures: { bitsPerByte: bitsPerByte(losses, bytes) },
      count: losses.length,
      protocol: `${data.name}, ${bytes} bytes, windows of ${window} tokens, half overlapping`,
    }));
  },
});

import type { OperationOptions } from '../../progress/progress';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';

/** Cache of the last encoded text, since consecutive recipes usually share it. */
const last = new WeakMap<TextTokenizer, { readonly content: string; readonly ids: Int32Array }>();

/** Token ids of a long text, without special tokens. @throws the signal's reason if it is aborted */
export async function encodedText(
  content: string,
  tokenizer: TextTokenizer,
  options: OperationOptions = {},
): Promise<Int32Array> {
  const known = last.get(tokenizer);
  if (known?.content === content) return known.ids;
  const ids = Int32Array.from(await tokenizer.encodeLong(content, options));
  last.set(tokenizer, { content, ids });
  return ids;
}

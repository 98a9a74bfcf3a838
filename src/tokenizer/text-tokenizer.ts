import { ByteLevelDecoder, type Tokenizer } from '@huggingface/tokenizers';
import type { OperationOptions } from '../progress/progress';
import type { SpecialTokens } from './special-tokens';
import { cutAtEndsOfWords } from './text-pieces';

export interface EncodeOptions {
  /** Whether to add special tokens around a text, such as [CLS] and [SEP]. Default: true. */
  readonly addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Whether to omit special tokens such as [CLS]. Default: false. */
  readonly skipSpecialTokens?: boolean;
}

/** UTF-16 units of one piece: about 10 ms of work, so that progress and cancellation are prompt. */
const PIECE_LENGTH = 16_384;
/** A worker receives messages such as a cancellation only when it yields. */
const MILLISECONDS_BETWEEN_YIELDS = 25;
const REPLACEMENT_CHARACTER = '\uFFFD';

/** Converts text to ids and back, with the ids of Hugging Face's tokenizers. */
export class TextTokenizer {
  constructor(
    private readonly tokenizer: Tokenizer,
    readonly specialTokens: SpecialTokens,
    private readonly canBeCut: boolean,
  ) {}

  /** Highest id plus one. A model's embedding may have more rows. */
  get vocabularySize(): number {
    return this.tokenizer.model!.vocab.length;
  }

  encode(text: string, { addSpecialTokens = true }: EncodeOptions = {}): number[] {
    return this.tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids;
  }

  /**
   * Ids of a long text without special tokens, the same as those of `encode`; yields now and then so that a worker receives a
   * cancellation. A text that cannot safely be cut is encoded whole.
   *
   * @throws the signal's reason when aborted
   */
  async encodeLong(text: string, { signal, onProgress }: OperationOptions = {}): Promise<number[]> {
    const ids: number[] = [];
    let done = 0;
    let lastYield = performance.now();
    signal?.throwIfAborted();
    for (const piece of cutAtEndsOfWords(text, this.canBeCut ? PIECE_LENGTH : text.length)) {
      for (const id of this.encode(piece, { addSpecialTokens: false })) ids.push(id);
      done += piece.length;
      onProgress?.({ label: 'Tokenizing', done, total: text.length, unit: 'characters' });
      if (performance.now() - lastYield < MILLISECONDS_BETWEEN_YIELDS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      lastYield = performance.now();
      signal?.throwIfAborted();
    }
    return ids;
  }

  /** Text of the ids. Ids without a token, such as those of an embedding's unused rows, are skipped. */
  decode(ids: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const known = ids.filter((id) => this.tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return this.tokenizer.decode(known, { skip_special_tokens: skipSpecialTokens });
  }

  /**
   * Token for display: in a byte-level vocabulary its text, or its bytes (`<0xE2><0x80>`) if they are not whole characters; in
   * other vocabularies the piece as it is (`##ing`).
   */
  token(id: number): string {
    const piece = this.tokenizer.id_to_token(id);
    if (piece === undefined) return `<id ${id}>`;
    const { decoder } = this.tokenizer;
    if (!(decoder instanceof ByteLevelDecoder)) return piece;
    const text = this.tokenizer.decode([id], { clean_up_tokenization_spaces: false });
    if (!text.includes(REPLACEMENT_CHARACTER)) return text;
    // The library declares these bytes as numbers but holds them as decimal strings.
    const bytes = Array.from(piece, (character) => Number(decoder.byte_decoder[character]));
    return bytes.map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`).join('');
  }
}

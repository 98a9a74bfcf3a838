import { ByteReader } from './byte-reader';
import { CodingError } from './coding-error';
import { bestFrequencies, frequencyBytes, GREATEST_PRECISION, readFrequencies } from './frequencies';
import { type Pause, SYMBOLS_BETWEEN_PAUSES } from './pause';

/*
 * Range asymmetric numeral systems (Duda 2013, section 4; the streaming variant of Giesen 2014, "Interleaved entropy coders"):
 * a state x encodes a symbol of frequency f of M = 2^precision and start s, the sum of the frequencies before it, by
 * x → ⌊x / f⌋ · M + s + x mod f. It stays in [2^15, 2^31): before it would exceed that, its lower 16 bits go to the stream.
 * Symbol i belongs to state i mod 4, so that the steps of four symbols are independent.
 */

const STATES = 4;
const LEAST_STATE = 2 ** 15;
const STATE_LIMIT = 2 ** 31;

/**
 * Encodes symbols by their frequencies: the frequencies, the final states, then 16-bit words in the order of decoding.
 * @param counts count of each symbol of the alphabet, from `countSymbols`; at least one symbol
 */
export async function encodeRans(
  symbols: Uint8Array,
  counts: Uint32Array,
  pause: Pause,
): Promise<Uint8Array> {
  const frequencies = bestFrequencies(counts);
  const { precision, of } = frequencies;
  const starts = startsOf(of);
  // Greatest state that can encode each symbol.
  const limits = Float64Array.from(of, (frequency) => frequency * 2 ** (31 - precision));
  const states = new Int32Array(STATES).fill(LEAST_STATE);
  const slices: Uint16Array[] = [];
  // Symbols are encoded in reverse order of decoding.
  for (let end = symbols.length; end > 0;) {
    const begin = Math.max(0, end - SYMBOLS_BETWEEN_PAUSES);
    const words = new Uint16Array(end - begin);
    let position = words.length;
    for (let index = end - 1; index >= begin; index--) {
      const symbol = symbols[index];
      const frequency = of[symbol];
      let state = states[index % STATES];
      if (state >= limits[symbol]) {
        words[--position] = state & 0xffff;
        state >>>= 16;
      }
      const quotient = (state / frequency) | 0;
      states[index % STATES] = (quotient << precision) + starts[symbol] + (state - quotient * frequency);
    }
    slices.unshift(words.slice(position));
    end = begin;
    await pause();
  }
  const head = frequencyBytes(frequencies);
  return joined([Uint8Array.from(head), asBytes(states), ...slices.map(asBytes)]);
}

/**
 * @param count number of coded symbols, at least one
 * @param alphabet number of different symbols
 * @throws CodingError if the bytes are not valid output of `encodeRans`
 */
export async function decodeRans(
  bytes: Uint8Array,
  count: number,
  alphabet: number,
  pause: Pause,
): Promise<Uint8Array> {
  const reader = new ByteReader(bytes);
  const { precision, of } = readFrequencies(reader, alphabet);
  const { symbolOf, stepOf } = slotTables(of, precision);
  let [a, b, c, d] = Array.from({ length: STATES }, () => firstState(reader));
  const stream = reader.rest();
  if (stream.length % 2 !== 0) throw new CodingError('the coded bytes end within a word');
  const words = new Uint16Array(stream.slice().buffer);
  const mask = 2 ** precision - 1;
  const symbols = new Uint8Array(count);
  const whole = count - (count % STATES);
  let position = 0;
  for (let index = 0; index < whole;) {
    const end = Math.min(whole, index + SYMBOLS_BETWEEN_PAUSES);
    // Unrolled, because loading waits for this loop. Beyond the end of the words it reads zeros, which the check after it detects.
    for (; index < end; index += STATES) {
      let slot = a & mask;
      let step = stepOf[slot];
      symbols[index] = symbolOf[slot];
      a = Math.imul((step >>> GREATEST_PRECISION) + 1, a >>> precision) + (step & BIAS_MASK);
      if (a < LEAST_STATE) a = (a << 16) | words[position++];
      slot = b & mask;
      step = stepOf[slot];
      symbols[index + 1] = symbolOf[slot];
      b = Math.imul((step >>> GREATEST_PRECISION) + 1, b >>> precision) + (step & BIAS_MASK);
      if (b < LEAST_STATE) b = (b << 16) | words[position++];
      slot = c & mask;
      step = stepOf[slot];
      symbols[index + 2] = symbolOf[slot];
      c = Math.imul((step >>> GREATEST_PRECISION) + 1, c >>> precision) + (step & BIAS_MASK);
      if (c < LEAST_STATE) c = (c << 16) | words[position++];
      slot = d & mask;
      step = stepOf[slot];
      symbols[index + 3] = symbolOf[slot];
      d = Math.imul((step >>> GREATEST_PRECISION) + 1, d >>> precision) + (step & BIAS_MASK);
      if (d < LEAST_STATE) d = (d << 16) | words[position++];
    }
    if (position > words.length) throw new CodingError('the coded bytes end too early');
    await pause();
  }
  const states = [a, b, c, d];
  for (let index = whole; index < count; index++) {
    const state = states[index % STATES];
    const step = stepOf[state & mask];
    symbols[index] = symbolOf[state & mask];
    const next = Math.imul((step >>> GREATEST_PRECISION) + 1, state >>> precision) + (step & BIAS_MASK);
    states[index % STATES] = next < LEAST_STATE ? (next << 16) | words[position++] : next;
  }
  if (position !== words.length || states.some((state) => state !== LEAST_STATE))
    throw new CodingError('the coded bytes do not end with their last symbol');
  return symbols;
}

const BIAS_MASK = 2 ** GREATEST_PRECISION - 1;

/** For each of the 2^precision slots its symbol, and (frequency − 1) · 2^14 + the slot's index among those of the symbol. */
function slotTables(of: Uint32Array, precision: number): { symbolOf: Uint8Array; stepOf: Int32Array } {
  const symbolOf = new Uint8Array(2 ** precision);
  const stepOf = new Int32Array(2 ** precision);
  let slot = 0;
  of.forEach((frequency, symbol) => {
    for (let place = 0; place < frequency; place++, slot++) {
      symbolOf[slot] = symbol;
      stepOf[slot] = ((frequency - 1) << GREATEST_PRECISION) | place;
    }
  });
  return { symbolOf, stepOf };
}

function firstState(reader: ByteReader): number {
  const state = reader.word();
  if (state < LEAST_STATE || state >= STATE_LIMIT) throw new CodingError('the state of the coder is damaged');
  return state;
}

function startsOf(of: Uint32Array): Uint32Array {
  let sum = 0;
  return of.map((frequency) => (sum += frequency) - frequency);
}

function asBytes({ buffer, byteOffset, byteLength }: Int32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

import { describe, expect, test } from 'vitest';
import { seededNormal } from '../testing/allclose';
import { type Coder, decodeBytes, encodeBytes, entropyBits } from './coded-bytes';
import { CodingError } from './coding-error';
import { countSymbols, shannonEntropy } from './symbol-counts';

const noPause = () => undefined;
const CODERS: readonly Coder[] = ['rans', 'huffman'];

function encode(bytes: Uint8Array, coder: Coder = 'rans', elementBits = 8): Promise<Uint8Array> {
  return encodeBytes(bytes, { coder, elementBits, pause: noPause });
}

/** Compares byte by byte; a matcher would take seconds. */
function expectSame(found: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.compare(found, expected)).toBe(0);
}

const decode = (coded: Uint8Array, length: number) => decodeBytes(coded, length, noPause);

/** Whether decoding fails with a CodingError; other errors are passed on. A matcher for each call would take seconds. */
async function isRefused(coded: Uint8Array, length: number): Promise<boolean> {
  try {
    await decode(coded, length);
    return false;
  } catch (error) {
    if (error instanceof CodingError) return true;
    throw error;
  }
}

/** Numbers 0 to limit − 1, xorshift. */
function randomNumbers(count: number, limit: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  });
}

/** Quantized normal values. */
function normalBytes(count: number, deviation: number): Uint8Array {
  return Uint8Array.from(seededNormal(count, 7), (value) => 128 + Math.round(value * deviation));
}

const SAMPLES: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(0),
  'one byte': Uint8Array.of(200),
  'two bytes': Uint8Array.of(0, 255),
  constant: new Uint8Array(5000).fill(17),
  'constant but for one byte': new Uint8Array(5001).fill(17).fill(3, 4000, 4001),
  random: Uint8Array.from(randomNumbers(20_001, 256)),
  'two symbols': Uint8Array.from(randomNumbers(9_999, 2)),
  normal: normalBytes(50_003, 20),
  skewed: Uint8Array.from(randomNumbers(30_000, 1000), (value) => (value < 990 ? 0 : value - 989)),
  'greatest and least codes': Uint8Array.from({ length: 4096 }, (_, index) => (index % 7 ? 0 : 255)),
};

describe.each(CODERS)('%s', (coder) => {
  test.each(Object.keys(SAMPLES))('restores %s data', async (name) => {
    const bytes = SAMPLES[name];
    for (const elementBits of [2, 3, 4, 8, 16, 32]) {
      const coded = await encode(bytes, coder, elementBits);
      expect(coded.length % 4).toBe(0);
      expectSame(await decode(coded, bytes.length), bytes);
    }
  });

  test('continues correctly after a pause', async () => {
    const bytes = normalBytes(300_001, 9);
    let pauses = 0;
    const pause = async () => void pauses++;
    const coded = await encodeBytes(bytes, { coder, elementBits: 8, pause });
    expect(pauses).toBeGreaterThanOrEqual(2);
    expectSame(coded, await encode(bytes, coder));
    expectSame(await decodeBytes(coded, bytes.length, pause), bytes);
  });

  test('stops if a pause throws', async () => {
    const pause = async () => {
      throw new Error('cancelled');
    };
    const coding = encodeBytes(SAMPLES.normal, { coder, elementBits: 8, pause });
    await expect(coding).rejects.toThrow('cancelled');
  });

  test('stores data without pattern as it is, with little overhead', async () => {
    const coded = await encode(SAMPLES.random, coder);
    expect(coded.length).toBeLessThanOrEqual(SAMPLES.random.length + 20);
  });

  test('refuses every changed byte and every truncation', async () => {
    const bytes = normalBytes(3000, 6);
    const coded = await encode(bytes, coder, 32);
    const accepted: string[] = [];
    for (let position = 0; position < coded.length; position++) {
      const damaged = coded.slice();
      damaged[position] ^= 1 + (position % 255);
      if (!(await isRefused(damaged, bytes.length))) accepted.push(`byte ${position}`);
    }
    for (let length = 0; length < coded.length; length += 7)
      if (!(await isRefused(coded.slice(0, length), bytes.length))) accepted.push(`length ${length}`);
    expect(accepted).toEqual([]);
  });

  test('refuses noise after a valid head', async () => {
    const bytes = normalBytes(500, 6);
    const head = (await encode(bytes, coder)).slice(0, 11);
    for (let seed = 1; seed <= 300; seed++) {
      const noise = Uint8Array.from(randomNumbers(400, 256, seed));
      const length = Uint8Array.of(...new Uint8Array(Uint32Array.of(396).buffer));
      const coded = Uint8Array.of(...head, ...length, ...noise.subarray(4));
      await expect(decode(coded, bytes.length)).rejects.toThrow(CodingError);
    }
  });
});

test('refuses an unexpected length and names both lengths', async () => {
  const coded = await encode(SAMPLES.normal);
  await expect(decode(coded, 50_004)).rejects.toThrow('50003 bytes were coded where 50004 were expected');
});

describe('against the Shannon entropy', () => {
  const entropyBytes = (bytes: Uint8Array, symbolBits: number) =>
    (bytes.length / 8) * (8 / symbolBits) * shannonEntropy(countSymbols(fields(bytes, symbolBits), 256));

  /** Fields of bytes, first in the lowest bits. */
  function fields(bytes: Uint8Array, bits: number): Uint8Array {
    const perByte = 8 / bits;
    return Uint8Array.from(
      { length: bytes.length * perByte },
      (_, index) => (bytes[Math.floor(index / perByte)] >>> (bits * (index % perByte))) & (2 ** bits - 1),
    );
  }

  test.each([2, 6, 20, 40])('rANS of codes of deviation %d', async (deviation) => {
    const bytes = normalBytes(200_000, deviation);
    const bound = entropyBytes(bytes, 8);
    const coded = await encode(bytes);
    expect(coded.length).toBeGreaterThan(bound);
    expect(coded.length).toBeLessThan(1.005 * bound + 600);
    expect(entropyBits(bytes, 8) / 8).toBeCloseTo(bound, 3);
  });

  test.each([2, 4])('independent codes of %d bits', async (bits) => {
    const symbols = Uint8Array.from(seededNormal(400_000, 3), (value) => {
      const half = 2 ** (bits - 1);
      return Math.max(0, Math.min(2 * half - 1, half + Math.round((value * half) / 3)));
    });
    const perByte = 8 / bits;
    const bytes = Uint8Array.from({ length: symbols.length / perByte }, (_, index) => {
      const packed = symbols.subarray(index * perByte, (index + 1) * perByte);
      return packed.reduceRight((byte, symbol) => (byte << bits) | symbol, 0);
    });
    const bound = entropyBytes(bytes, bits);
    const coded = await encode(bytes, 'rans', bits);
    expect(coded.length).toBeGreaterThan(0.995 * bound);
    expect(coded.length).toBeLessThan(1.005 * bound + 100);
  });

  test('Huffman takes more bits than rANS, and a bit per symbol even at almost no entropy', async () => {
    const bytes = Uint8Array.from(randomNumbers(160_000, 100), (value) => (value < 98 ? 0 : 1));
    const bound = entropyBytes(bytes, 8);
    const rans = await encode(bytes);
    const huffman = await encode(bytes, 'huffman');
    expect(rans.length).toBeLessThan(1.01 * bound + 100);
    expect(huffman.length).toBeGreaterThanOrEqual(160_000 / 8);
  });
});

test('bytes of floats are coded in separate planes: exponents repeat, mantissas do not', async () => {
  const bytes = new Uint8Array(seededNormal(20_000, 4).buffer);
  const coded = await encode(bytes, 'rans', 32);
  expect(coded.length).toBeLessThan(0.9 * bytes.length);
  expect(coded.length).toBeLessThan((await encode(bytes, 'rans', 8)).length);
});

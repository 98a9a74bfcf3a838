import { describe, expect, test } from 'vitest';
import fixture from '../testing/fixtures/entropy-coding.json';
import { type Coder, decodeBytes, encodeBytes } from './coded-bytes';
import { countSymbols, shannonEntropy } from './symbol-counts';
import { splitSymbols, type SymbolLayout } from './symbol-layout';

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const pause = () => undefined;

/** Allowance for padding and differently rounded frequencies. */
const SLACK_BYTES = 8;

describe.each(fixture.samples)('$name, coded in Python', ({ bytes, symbolBits, coder, coded, entropies }) => {
  const [plain, written] = [fromHex(bytes), fromHex(coded)];

  test('is decoded correctly', async () => {
    const decoded = await decodeBytes(written, plain.length, pause);
    expect(Buffer.from(decoded).toString('hex')).toBe(bytes);
  });

  test('is not longer when coded here', async () => {
    const elementBits = entropies.length === 4 ? 32 : symbolBits;
    const own = await encodeBytes(plain, { coder: coder as Coder, elementBits, pause });
    expect(own.length).toBeLessThanOrEqual(written.length + SLACK_BYTES);
  });

  test("has NumPy's entropies", () => {
    const layout = { bits: symbolBits, planes: entropies.length } as SymbolLayout;
    splitSymbols(plain, layout).forEach((symbols, index) => {
      expect(shannonEntropy(countSymbols(symbols, 2 ** symbolBits))).toBeCloseTo(entropies[index], 7);
    });
  });
});

import { describe, expect, test } from 'vitest';
import { CheckpointError } from './checkpoint-error';
import { openSafetensors } from './safetensors-reader';
import { planSafetensors, safetensorsChunks } from './safetensors-writer';

/** File by the format's definition: u64 length, JSON, data. */
function file(header: unknown, dataBytes: number, declaredLength?: bigint): Blob {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, declaredLength ?? BigInt(json.length), true);
  return new Blob([length.buffer as ArrayBuffer, json, new Uint8Array(dataBytes).map((_, index) => index)]);
}

const float = (shape: number[], start: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

describe('openSafetensors', () => {
  test('reads the header and only the requested slice of a tensor', async () => {
    const { tensors, metadata } = await openSafetensors(
      file({ __metadata__: { format: 'pt' }, b: float([2], 8, 16), a: float([1, 2], 0, 8) }, 16),
      'x.safetensors',
    );
    expect(metadata).toEqual({ format: 'pt' });
    expect(tensors.get('b')).toMatchObject({ dtype: 'F32', shape: [2], byteLength: 8 });
    expect([...(await tensors.get('b')!.readBytes(1, 3))]).toEqual([9, 10]);
    expect([...(await tensors.get('a')!.readBytes())]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test.each([
    ['an empty file', new Blob([]), 'is 0 bytes long, too short'],
    ['a header longer than the file', file('{}', 0, 5000n), 'is truncated: its header should be 5000 bytes'],
    ['an oversized header', file('{}', 0, 1n << 62n), 'more than the 100000000 that safetensors allows'],
    ['a header that is not JSON', file('{not', 0), 'The header of x.safetensors is not JSON'],
    [
      'a header that is not UTF-8',
      new Blob([Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0x22, 0x20)]),
      'is not JSON',
    ],
    ['a header that is no object', file('[1]', 0), 'is not a JSON object'],
    ['an entry that is no object', file({ a: 3 }, 0), 'tensor a is not described by an object'],
    ['a fraction as size', file({ a: float([1.5], 0, 6) }, 6), 'tensor a has the shape [1.5]'],
    ['offsets in the wrong order', file({ a: float([0], 8, 0) }, 8), 'tensor a has the data offsets [8,0]'],
    ['a shape beyond any memory', file({ a: float([2 ** 50, 2 ** 50], 0, 8) }, 8), 'tensor a is misdeclared'],
    [
      'a shape nested beyond the stack',
      file(
        `{"a":{"dtype":"F32","shape":${'['.repeat(200_000)}${']'.repeat(200_000)},"data_offsets":[0,4]}}`,
        4,
      ),
      'tensor a has the shape',
    ],
    [
      'an unknown dtype',
      file({ a: float([2], 0, 8, 'F8') }, 8),
      'tensor a has the dtype "F8"; Lathe reads F32, F16',
    ],
    ['a negative size', file({ a: float([-2], 0, 8) }, 8), 'tensor a has the shape [-2]'],
    [
      'offsets that are none',
      file({ a: { dtype: 'F32', shape: [2] } }, 8),
      'tensor a has the data offsets nothing; a begin and an end',
    ],
    [
      'a misdeclared shape',
      file({ a: float([3], 0, 8) }, 8),
      'F32 of shape [3] takes 12 bytes, its offsets span 8',
    ],
    [
      'a tensor declared twice',
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        1,
      ),
      'tensor a is declared twice',
    ],
    ['overlap', file({ a: float([2], 0, 8), b: float([2], 4, 12) }, 12), 'tensors a and b overlap'],
    [
      'a hole',
      file({ a: float([1], 0, 4), b: float([1], 8, 12) }, 12),
      '4 bytes before tensor b belong to no tensor',
    ],
    ['truncated data', file({ a: float([4], 0, 16) }, 10), 'its tensors need 16 bytes and 10 are there'],
    ['trailing bytes', file({ a: float([1], 0, 4) }, 9), 'has 5 bytes after its last tensor'],
    [
      'metadata of numbers',
      file({ __metadata__: { a: 1 } }, 0),
      '__metadata__ of x.safetensors is not an object of strings',
    ],
  ])('%s is one clear sentence', async (_, blob, message) => {
    const error: unknown = await openSafetensors(blob, 'x.safetensors').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain('x.safetensors');
    expect((error as Error).message.length).toBeLessThan(400);
  });

  test('shortens a name of megabytes in the message', async () => {
    const opening = openSafetensors(file({ ['n'.repeat(2_000_000)]: float([3], 0, 8) }, 8), 'x.safetensors');
    await expect(opening).rejects.toThrow(/tensor n{80}… is misdeclared/);
  });

  test('refuses to read bytes of other tensors', async () => {
    const { tensors } = await openSafetensors(
      file({ a: float([1], 0, 4), b: float([1], 4, 8) }, 8),
      'x.safetensors',
    );
    await expect(tensors.get('a')!.readBytes(2, 6)).rejects.toThrow(
      'Tensor a has 4 bytes; bytes 2 to 6 were requested.',
    );
    await expect(tensors.get('b')!.readBytes(-2)).rejects.toThrow(RangeError);
  });

  test('a tensor named like a property of objects, and an empty one', async () => {
    const { tensors } = await openSafetensors(
      file('{"__proto__":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]}}', 0),
      'x.safetensors',
    );
    expect(await tensors.get('__proto__')!.readBytes()).toEqual(new Uint8Array());
  });
});

describe('planSafetensors and safetensorsChunks', () => {
  const tensors = [
    { name: 'packed', dtype: 'U8', shape: [3] },
    { name: 'weight', dtype: 'F32', shape: [2, 2] },
  ] as const;
  const bytesOf: Record<string, Uint8Array> = {
    packed: Uint8Array.of(1, 2, 3),
    weight: new Uint8Array(Float32Array.of(1, -2, 3.5, 0).buffer),
  };

  test('a written file opens again and is exactly as long as planned', async () => {
    const plan = planSafetensors(tensors, { note: 'é' });
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of safetensorsChunks(plan, async ({ name }) => bytesOf[name])) {
      chunks.push(chunk as Uint8Array<ArrayBuffer>);
    }
    const blob = new Blob(chunks);
    expect(blob.size).toBe(plan.byteLength);
    expect(plan.header.length % 8).toBe(0);
    const opened = await openSafetensors(blob, 'out.safetensors');
    expect(opened.metadata).toEqual({ note: 'é' });
    for (const { name } of tensors)
      expect(await opened.tensors.get(name)!.readBytes()).toEqual(bytesOf[name]);
  });

  test('a plan as large as GPT-2 needs only the bytes of the header', () => {
    const plan = planSafetensors([{ name: 'wte.weight', dtype: 'F32', shape: [50257, 768] }]);
    expect(plan.byteLength - plan.header.length).toBe(50257 * 768 * 4);
    expect(plan.header.length).toBeLessThan(200);
  });

  test.each(['weight', '__metadata__'])('refuses %s twice', (name) => {
    const twice = [{ name, dtype: 'U8', shape: [1] } as const, tensors[1]];
    expect(() => planSafetensors(twice, { note: 'x' })).toThrow(`Tensor ${name} is to be written twice`);
  });

  test('refuses bytes that do not match their description', async () => {
    const chunks = safetensorsChunks(planSafetensors(tensors), async () => new Uint8Array(2));
    await chunks.next();
    await expect(chunks.next()).rejects.toThrow('Tensor packed has 2 bytes, its description says 3.');
  });
});

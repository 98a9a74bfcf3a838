/** WGSL type of a member of a uniform block. */
export type ScalarType = 'u32' | 'i32' | 'f32';

/** Maximum number of cached uniform blocks; beyond it, the oldest are left to the garbage collector. */
const MOST_BLOCKS = 4096;

/** Blocks by content: layers use the same ones, and a cached block needs no write. */
const blocks = new WeakMap<GPUDevice, Map<string, GPUBuffer>>();

/** Packs named scalars as the uniform block of one kernel, 4 bytes each, in the order of their declaration. */
export class UniformBlock {
  private readonly names: readonly string[];
  private readonly words: Uint32Array;
  private readonly writers: readonly { [index: number]: number }[];

  constructor(members: Readonly<Record<string, ScalarType>>) {
    this.names = Object.keys(members);
    // Uniform blocks take multiples of 16 bytes.
    this.words = new Uint32Array(Math.ceil(this.names.length / 4) * 4);
    const views = {
      u32: this.words,
      i32: new Int32Array(this.words.buffer),
      f32: new Float32Array(this.words.buffer),
    };
    this.writers = Object.values(members).map((type) => views[type]);
  }

  /** Bits of the values, padded; overwritten by the next call. */
  pack(values: Readonly<Record<string, number>>): Uint32Array {
    this.names.forEach((name, index) => {
      this.writers[index][index] = values[name];
    });
    return this.words;
  }

  /** Buffer with these values. It is never written again, so that recorded launches may hold it. */
  bufferOf(device: GPUDevice, values: Readonly<Record<string, number>>): GPUBuffer {
    return bufferWith(device, this.pack(values));
  }
}

function bufferWith(device: GPUDevice, words: Uint32Array): GPUBuffer {
  let known = blocks.get(device);
  if (!known) blocks.set(device, (known = new Map()));
  const key = words.join();
  const found = known.get(key);
  if (found) return found;
  const buffer = device.createBuffer({
    size: words.byteLength,
    usage: GPUBufferUsage.UNIFORM,
    mappedAtCreation: true,
  });
  new Uint32Array(buffer.getMappedRange()).set(words);
  buffer.unmap();
  if (known.size >= MOST_BLOCKS) known.delete(known.keys().next().value!);
  known.set(key, buffer);
  return buffer;
}

/** WGSL type of a member of a uniform block. */
export type ScalarType = 'u32' | 'i32' | 'f32';

/** Blocks of uniforms that are remembered; beyond it the oldest are left to the garbage collector. */
const MOST_BLOCKS = 4096;

/** Blocks by content: layer after layer asks for the same, and a block that is there costs no write. */
const blocks = new WeakMap<GPUDevice, Map<string, GPUBuffer>>();

/** Packs named scalars as the uniform block of one kernel, 4 bytes each, in the order of their declaration. */
export class UniformBlock {
  private readonly names: readonly string[];
  private readonly words: Uint32Array;
  private readonly writers: readonly { [index: number]: number }[];

  constructor(members: Readonly<Record<string, ScalarType>>) {
    this.names = Object.keys(members);
    // A uniform block takes multiples of 16 bytes.
    this.words = new Uint32Array(Math.ceil(this.names.length / 4) * 4);
    const views = {
      u32: this.words,
      i32: new Int32Array(this.words.buffer),
      f32: new Float32Array(this.words.buffer),
    };
    this.writers = Object.values(members).map((type) => views[type]);
  }

  /** Bits of the values, padded; the next call writes over them. */
  pack(values: Readonly<Record<string, number>>): Uint32Array {
    this.names.forEach((name, index) => {
      this.writers[index][index] = values[name];
    });
    return this.words;
  }

  /** The buffer that holds these values. It is never written again, so recorded launches may hold it. */
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

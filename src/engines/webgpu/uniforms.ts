/** A uniform scalar: a plain number is a u32; `float(x)` and `int(x)` say otherwise. */
export type Uniform = number | { readonly float: number } | { readonly int: number };

/** A float uniform. */
export const float = (value: number): Uniform => ({ float: value });
/** A signed integer uniform. */
export const int = (value: number): Uniform => ({ int: value });

/** Blocks of uniforms that are kept; beyond it the oldest are left to the garbage collector. */
const MAX_KEPT = 4096;

/** Blocks by content: layer after layer asks for the same, and a block that is there costs no write. */
const blocks = new WeakMap<GPUDevice, Map<string, GPUBuffer>>();

/**
 * The buffer that holds these scalars, 4 bytes each. It is never written again, so recorded launches may keep it.
 */
export function uniformBuffer(device: GPUDevice, uniforms: readonly Uniform[]): GPUBuffer {
  let kept = blocks.get(device);
  if (!kept) blocks.set(device, (kept = new Map()));
  const words = wordsOf(uniforms);
  const key = words.join();
  const found = kept.get(key);
  if (found) return found;
  const buffer = device.createBuffer({
    size: words.byteLength,
    usage: GPUBufferUsage.UNIFORM,
    mappedAtCreation: true,
  });
  new Uint32Array(buffer.getMappedRange()).set(words);
  buffer.unmap();
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, buffer);
  return buffer;
}

/** Bits of the scalars, padded to the 16 bytes that a uniform block takes. */
function wordsOf(uniforms: readonly Uniform[]): Uint32Array {
  const words = new Uint32Array(Math.ceil(uniforms.length / 4) * 4);
  const view = new DataView(words.buffer);
  uniforms.forEach((uniform, index) => {
    if (typeof uniform === 'number') view.setUint32(index * 4, uniform, true);
    else if ('float' in uniform) view.setFloat32(index * 4, uniform.float, true);
    else view.setInt32(index * 4, uniform.int, true);
  });
  return words;
}

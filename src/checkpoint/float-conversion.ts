import { CheckpointError } from './checkpoint-error';
import { BYTES_PER_ELEMENT } from './dtypes';
import type { Dtype, TensorEntry } from './named-tensor';

const FLOAT_DTYPES: readonly Dtype[] = ['F32', 'F16', 'BF16'];

/** float32 bits of each of the 65,536 half-precision numbers; computed at first use. */
let halfTable: Uint32Array | undefined;

/**
 * Converts elements of a floating-point tensor to float32. F16 and BF16 convert exactly.
 * @param bytes little-endian elements; need not be aligned
 * @throws CheckpointError for a dtype that is not a float
 */
export function toFloat32(bytes: Uint8Array, dtype: Dtype, name: string): Float32Array {
  if (!FLOAT_DTYPES.includes(dtype)) {
    throw new CheckpointError(
      `Tensor ${name} has the dtype ${dtype}; weights must be ${FLOAT_DTYPES.join(', ')}.`,
    );
  }
  if (dtype === 'F32') return new Float32Array(alignedCopy(bytes));
  const source = new Uint16Array(alignedCopy(bytes));
  const bits = new Uint32Array(source.length);
  if (dtype === 'BF16') {
    for (let index = 0; index < source.length; index++) bits[index] = source[index] << 16;
  } else {
    halfTable ??= Uint32Array.from({ length: 65536 }, (_, half) => halfToFloatBits(half));
    for (let index = 0; index < source.length; index++) bits[index] = halfTable[source[index]];
  }
  return new Float32Array(bits.buffer);
}

/**
 * Reads elements `start` to `end` of a tensor as float32 (default: all).
 * @throws CheckpointError for a dtype that is not a float, or for a value that is not finite
 */
export async function readFloat32(entry: TensorEntry, start = 0, end?: number): Promise<Float32Array> {
  const size = BYTES_PER_ELEMENT[entry.dtype];
  const bytes = await entry.readBytes(start * size, (end ?? entry.byteLength / size) * size);
  const values = toFloat32(bytes, entry.dtype, entry.name);
  assertFinite(values, entry.name, start);
  return values;
}

/** @throws CheckpointError naming the first element that is NaN or infinite */
export function assertFinite(values: Float32Array, name: string, firstElement = 0): void {
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(values[index])) continue;
    throw new CheckpointError(
      `Tensor ${name} holds ${values[index]} at element ${firstElement + index}; every weight must be a finite number, so train or save the checkpoint again.`,
    );
  }
}

/** float32 bits of an IEEE 754 half-precision number. */
function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // A subnormal half is a normal float: shift its leading one into place.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}

function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  if (bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength)
    return bytes.buffer as ArrayBuffer;
  return bytes.slice().buffer as ArrayBuffer;
}

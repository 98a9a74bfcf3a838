import type * as tf from '@tensorflow/tfjs';
import { elementCount, isDtype, tensorByteLength } from '../../checkpoint/dtypes';
import type { Dtype } from '../../checkpoint/named-tensor';
import { type Coder, decodeBytes, encodeBytes } from '../../coding/coded-bytes';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { yielding, type LongTask } from '../../linalg/long-task';
import { factorAttributes, type FactorLoader, loadFactors, storedFactors } from '../composite-storage';
import { gpuBytesOf } from '../gpu-bytes';
import type { LinearWeight, NamedFactor, StoredTensor, WeightFormat } from '../linear-weight';
import { QuantizedWeight } from './quantized-weight';
import type { TensorReader } from '../stored-words';

/** Default bits per tensor element. */
const WORD_BITS = 32;

/** Minimum bytes saved for a tensor to be coded: about the size of its entry in the attributes. */
const LEAST_SAVING = 64;

/** Type and shape of a coded tensor when decoded. */
interface TensorKind {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

interface CodedTensor extends TensorKind {
  readonly bytes: Uint8Array;
}

/** Coded tensors by suffix, including the factor's name. */
type CodedTensors = ReadonlyMap<string, CodedTensor>;

/**
 * Weight of any format whose tensors are losslessly entropy-coded in the file; on the GPU it is the inner weight. The coded
 * bytes stay on the CPU, so that sizes are known and nothing is coded twice.
 */
export class EntropyCodedWeight implements LinearWeight {
  readonly format = 'entropy-coded';
  readonly shape: readonly [number, number];
  readonly factors: readonly NamedFactor[];
  readonly matmulOfNormalized: LinearWeight['matmulOfNormalized'];

  private constructor(
    readonly uncoded: LinearWeight,
    private readonly coder: Coder,
    private readonly coded: CodedTensors,
    readonly decodeSeconds: number,
  ) {
    this.shape = uncoded.shape;
    this.factors = [{ name: 'inner', weight: uncoded }];
    this.matmulOfNormalized = uncoded.matmulOfNormalized?.bind(uncoded);
  }

  /**
   * Codes the tensors of a weight and verifies each by decoding it once.
   * @param inner owned from here on unless this fails
   * @throws the signal's reason when cancelled
   */
  static async fromInner(
    inner: LinearWeight,
    coder: Coder,
    task: LongTask = {},
  ): Promise<EntropyCodedWeight> {
    const coded = new Map<string, CodedTensor>();
    const tensors = storedFactors([{ name: 'inner', weight: inner }]);
    const total = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const yieldToEventLoop = yielding(task);
    let [done, decodeSeconds] = [0, 0];
    for (const { suffix, dtype, shape, byteLength, elementBits = WORD_BITS, read } of tensors) {
      const pause = () => yieldToEventLoop(done / total);
      const plain = await read();
      const bytes = await encodeBytes(plain, { coder, elementBits, pause });
      if (bytes.length + LEAST_SAVING <= byteLength) {
        const started = performance.now();
        await decodeBytes(bytes, byteLength, pause);
        decodeSeconds += (performance.now() - started) / 1000;
        coded.set(suffix, { dtype, shape, bytes });
      }
      done += byteLength;
    }
    return new EntropyCodedWeight(inner, coder, coded, decodeSeconds);
  }

  /** @throws Error naming a tensor that cannot be decoded, or the inner format's error */
  static async load(
    shape: readonly [number, number],
    { coder, coded: described, factors }: Record<string, unknown>,
    read: TensorReader,
    loadWeight: FactorLoader,
  ): Promise<EntropyCodedWeight> {
    if (coder !== 'rans' && coder !== 'huffman')
      throw new Error(`its coder is ${JSON.stringify(coder)} where "rans" or "huffman" was expected`);
    const kinds = kindsOf(described);
    const coded = new Map<string, CodedTensor>();
    const pause = () => yieldToEventLoop(0);
    const yieldToEventLoop = yielding({});
    let decodeSeconds = 0;
    const readDecoded: TensorReader = async (suffix) => {
      const stored = await read(suffix);
      const kind = kinds.get(suffix);
      if (!kind) return stored;
      const started = performance.now();
      const bytes = await decodeBytes(stored.bytes, tensorByteLength(kind.dtype, kind.shape), pause).catch(
        (error: Error) => {
          throw new Error(`its tensor ${suffix} cannot be decoded: ${error.message}`, { cause: error });
        },
      );
      decodeSeconds += (performance.now() - started) / 1000;
      coded.set(suffix, { ...kind, bytes: stored.bytes });
      return { ...kind, bytes };
    };
    const [inner] = await loadFactors(['inner'], factors, readDecoded, loadWeight);
    if (inner.shape[0] !== shape[0] || inner.shape[1] !== shape[1]) {
      inner.dispose();
      throw new Error(`what is coded is ${inner.shape.join('×')}, not ${shape.join('×')}`);
    }
    return new EntropyCodedWeight(inner, coder, coded, decodeSeconds);
  }

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get gpuBytes(): number {
    return gpuBytesOf(this.uncoded);
  }

  get parameters(): number {
    return this.uncoded.parameters;
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    return this.uncoded.matmul(x, epilogue);
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return this.uncoded.rows(ids);
  }

  dense(): Promise<Float32Array> {
    return this.uncoded.dense();
  }

  stored(): readonly StoredTensor[] {
    return storedFactors(this.factors).map((tensor) => {
      const coded = this.coded.get(tensor.suffix);
      return coded ? codedTensor(tensor.suffix, coded.bytes) : tensor;
    });
  }

  attributes(): Record<string, unknown> {
    const coded = [...this.coded].map(([suffix, { dtype, shape }]) => [suffix, { dtype, shape }]);
    return {
      coder: this.coder,
      coded: Object.fromEntries(coded),
      factors: factorAttributes(this.factors),
    };
  }

  /** Codes the new factor in the same way. */
  withFactors([inner]: readonly LinearWeight[]): Promise<EntropyCodedWeight> {
    return EntropyCodedWeight.fromInner(inner, this.coder);
  }

  clone(): EntropyCodedWeight {
    return new EntropyCodedWeight(this.uncoded.clone(), this.coder, this.coded, this.decodeSeconds);
  }

  dispose(): void {
    this.uncoded.dispose();
  }
}

/** @param loadWeight loads the inner weight by its own format */
export function entropyCodedFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'entropy-coded',
    title: 'Entropy coded',
    samples: {
      'entropy-coded int4': (values, shape) => {
        const scheme = { bits: 4, strategy: 'group', groupSize: 8, symmetric: true } as const;
        return EntropyCodedWeight.fromInner(QuantizedWeight.fromValues(values, shape, scheme), 'rans');
      },
    },
    load: (shape, attributes, read) => EntropyCodedWeight.load(shape, attributes, read, loadWeight),
  };
}

function codedTensor(suffix: string, bytes: Uint8Array): StoredTensor {
  return {
    suffix,
    dtype: 'U8',
    shape: [bytes.length],
    byteLength: bytes.length,
    read: async () => bytes,
  };
}

function kindsOf(described: unknown): Map<string, TensorKind> {
  return new Map(
    Object.entries(described ?? {}).map(([suffix, kind]) => [suffix, checkedKind(suffix, kind)]),
  );
}

function checkedKind(suffix: string, kind: Partial<TensorKind> | null): TensorKind {
  const { dtype, shape } = kind ?? {};
  const isSize = (size: unknown) => Number.isInteger(size) && (size as number) >= 0;
  if (!isDtype(dtype) || !Array.isArray(shape) || !shape.every(isSize) || !isAllocatable(shape))
    throw new Error(`its coded tensor ${suffix} is described by ${JSON.stringify(kind)}`);
  return { dtype, shape };
}

/** Lengths of coded tensors are stored in 32 bits. */
function isAllocatable(shape: readonly number[]): boolean {
  return elementCount(shape) < 2 ** 30;
}

import type * as tf from '@tensorflow/tfjs';
import type { DecodedMatrix } from '../../../src/engines/webgpu/kernels/products/decoded-matrix';
import { readFloats, readTensorBytes, uploadTensor } from '../../../src/engines/webgpu/transfer';
import { QuantizedMatrix } from '../../../src/train/formats/quantized-matrix';
import type { TrainableFormat } from '../../../src/train/trainable-format';
import { DecodedWeight } from '../../../src/weights/formats/decoded-weight';
import type { StoredTensor, WeightFormat } from '../../../src/weights/linear-weight';
import { readWords, storedTensor } from '../../../src/weights/stored-words';
import { ternarize, type TernaryMatrix } from '../method/ternary-weights';
import decoder from './ternary-decoder.wgsl?raw';

type Shape = readonly [rows: number, width: number];

/** Signs that a 32-bit word holds, as 3²⁰ < 2³² < 3²¹. */
const SIGNS_IN_A_WORD = 20;

const wordsInARow = (width: number) => Math.ceil(width / SIGNS_IN_A_WORD);

/** Packs signs as base-3 digits, the first the lowest; a row begins with a whole word. */
export function packSigns(signs: Int8Array, [rows, width]: Shape): Uint32Array {
  const words = new Uint32Array(rows * wordsInARow(width));
  signs.forEach((sign, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    words[row * wordsInARow(width) + Math.floor(column / SIGNS_IN_A_WORD)] +=
      (sign + 1) * 3 ** (column % SIGNS_IN_A_WORD);
  });
  return words;
}

/** Takes them out again. */
export function unpackSigns(words: Uint32Array, [rows, width]: Shape): Int8Array {
  return Int8Array.from({ length: rows * width }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    const word = words[row * wordsInARow(width) + Math.floor(column / SIGNS_IN_A_WORD)];
    return (Math.floor(word / 3 ** (column % SIGNS_IN_A_WORD)) % 3) - 1;
  });
}

/** Each weight as a sign times the scale of its row, in 1.6 bits. */
export class TernaryWeight extends DecodedWeight {
  readonly format = 'ternary';
  readonly parameters: number;

  private constructor(
    shape: Shape,
    private readonly words: tf.Tensor,
    private readonly scales: tf.Tensor,
  ) {
    super(shape);
    this.parameters = shape[0] * shape[1];
  }

  static fromSigns({ signs, scales }: TernaryMatrix, shape: Shape): TernaryWeight {
    const words = packSigns(signs, shape);
    return new TernaryWeight(shape, uploadTensor(words, [words.length]), uploadTensor(scales, [shape[0]]));
  }

  protected makeMatrix(): DecodedMatrix {
    const [, width] = this.shape;
    return {
      shape: this.shape,
      name: 'ternary',
      key: `ternary ${width}`,
      source: `const WORDS_IN_A_ROW = ${wordsInARow(width)}u;\n${decoder}`,
      inputs: [
        { name: 'words', type: 'array<u32>', tensor: this.words },
        { name: 'scales', type: 'array<f32>', tensor: this.scales },
      ],
    };
  }

  async dense(): Promise<Float32Array> {
    const signs = unpackSigns(new Uint32Array(await readTensorBytes(this.words)), this.shape);
    const scales = await readFloats(this.scales);
    return Float32Array.from(signs, (sign, index) => sign * scales[Math.floor(index / this.shape[1])]);
  }

  clone(): TernaryWeight {
    return new TernaryWeight(this.shape, this.words.clone(), this.scales.clone());
  }

  dispose(): void {
    this.words.dispose();
    this.scales.dispose();
  }

  stored(): readonly StoredTensor[] {
    return [
      storedTensor('signs', 'U32', this.words, 32 / SIGNS_IN_A_WORD),
      storedTensor('scales', 'F32', this.scales),
    ];
  }

  attributes(): Record<string, unknown> {
    return {};
  }

  static async load(
    shape: Shape,
    _attributes: Record<string, unknown>,
    read: Parameters<WeightFormat['load']>[2],
  ): Promise<TernaryWeight> {
    const [rows, width] = shape;
    const words = await readWords(read, 'signs', rows * wordsInARow(width));
    const scales = new Float32Array((await readWords(read, 'scales', rows)).buffer);
    return new TernaryWeight(shape, uploadTensor(words, [words.length]), uploadTensor(scales, [rows]));
  }
}

export const ternaryFormat: WeightFormat = {
  id: 'ternary',
  title: 'Ternary',
  samples: { ternary: (values, shape) => TernaryWeight.fromSigns(ternarize(values, shape, 0.7), shape) },
  load: TernaryWeight.load,
};

/** Signs stay; the scales train. */
export const trainableTernary: TrainableFormat = {
  id: 'ternary',
  of: (weight, name) => QuantizedMatrix.of(weight, name, ternaryFormat.load),
};

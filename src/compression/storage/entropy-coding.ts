import { z } from 'zod';
import { EntropyCodedWeight } from '../../weights/formats/entropy-coded-weight';
import type { MatrixMethod } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  coder: parameter(
    z.enum(['rans', 'huffman'], { error: 'coder must be "rans" or "huffman"' }).default('rans'),
    {
      label: 'Coder',
      labels: { rans: 'rANS', huffman: 'Huffman' },
      help: 'rANS spends fractions of a bit and comes within a percent of the entropy; Huffman spends whole bits.',
    },
  ),
});

type Parameters = z.infer<typeof schema>;

/** A step of storage, the last of a recipe: what a weight stores, coded by how often each symbol occurs. */
export const entropyCoding: MatrixMethod<Parameters> = {
  id: 'entropy-coding',
  title: 'Entropy coding',
  paper: 'Mao et al. 2024, "On the Compressibility of Quantized Large Language Models"',
  summary:
    'Stores frequent codes in fewer bits, without loss: smaller files that are decoded once, when they are loaded. The last step.',
  appliesTo: 'matrix',
  schema,

  async compress({ weight }, { coder }, context) {
    // Coded bytes have no pattern left; what they are the code of is coded anew.
    const inner = (weight.uncoded ?? weight).clone();
    try {
      return await EntropyCodedWeight.fromInner(inner, coder, context);
    } catch (error) {
      inner.dispose();
      throw error;
    }
  },
};

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
      help: 'rANS uses fractions of a bit and comes within a percent of the entropy; Huffman uses whole bits.',
    },
  ),
});

type Parameters = z.infer<typeof schema>;

/** The last step of a recipe: codes the stored tensors of a weight by the frequencies of their symbols. */
export const entropyCoding: MatrixMethod<Parameters> = {
  id: 'entropy-coding',
  title: 'Entropy coding',
  paper: 'Mao et al. 2024, "On the Compressibility of Quantized Large Language Models"',
  summary:
    'Stores frequent codes in fewer bits, without loss: smaller files that are decoded once, when they are loaded. The last step.',
  appliesTo: 'matrix',
  schema,

  async compress({ weight }, { coder }, context) {
    // Coded bytes cannot be coded further; the original is coded again.
    const inner = (weight.uncoded ?? weight).clone();
    try {
      return await EntropyCodedWeight.fromInner(inner, coder, context);
    } catch (error) {
      inner.dispose();
      throw error;
    }
  },
};

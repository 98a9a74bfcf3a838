import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { readFloat32 } from '../checkpoint/float-conversion';
import { openSafetensors } from '../checkpoint/safetensors-reader';
import reference from '../testing/fixtures/fairy-tales-gpt2.json';
import { type Matrix, matrixFrom, transpose } from './matrix';
import { nearestKroneckerProduct } from './nearest-kronecker-product';
import { tensorTrainSvd } from './tensor-train';

/** Change of an error computed by PyTorch from F32 through storing the weight as F16. */
const RELATIVE = 1e-4;

const MODEL = new URL('../../public/models/fairy-tales-gpt2/model.safetensors', import.meta.url);

describe("layer 2's c_fc of the demo GPT-2, against PyTorch", () => {
  let weight: Matrix;

  beforeAll(async () => {
    const file = await openSafetensors(await openAsBlob(fileURLToPath(MODEL)), 'model.safetensors');
    const entry = file.tensors.get('transformer.h.2.mlp.c_fc.weight');
    if (!entry) throw new Error('The demo GPT-2 has no tensor transformer.h.2.mlp.c_fc.weight.');
    // Conv1D stores [in, out].
    weight = transpose(matrixFrom(await readFloat32(entry), entry.shape[0], entry.shape[1]));
  });

  const { A_shape: aShape, relative_frobenius_error_by_rank: byTerms } = reference.kronecker_h2_c_fc;

  test.each(Object.entries(byTerms))('sum of %s Kronecker products', async (terms, expected) => {
    const shape: [number, number] = [aShape[0], aShape[1]];
    const { relativeError } = await nearestKroneckerProduct(weight, shape, Number(terms));
    expect(Math.abs(relativeError / expected - 1)).toBeLessThan(RELATIVE);
  });

  const { rows, cols, by_max_rank: byRank } = reference.tensor_train_h2_c_fc;

  test.each(Object.entries(byRank))('tensor train of rank %s', async (maxRank, expected) => {
    const { cores, relativeError } = await tensorTrainSvd(weight, rows, cols, { maxRank: Number(maxRank) });
    expect(Math.abs(relativeError / expected.relative_frobenius_error - 1)).toBeLessThan(RELATIVE);
    expect(cores.map(({ shape: [left, m, n, right] }) => [left, m * n, right])).toEqual(expected.core_shapes);
    expect(cores.reduce((sum, { values }) => sum + values.length, 0)).toBe(expected.parameters);
  });
});

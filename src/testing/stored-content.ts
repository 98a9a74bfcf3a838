import type { LinearWeight } from '../weights/linear-weight';

/** Stored bytes of a weight. */
export async function storedContent(weight: LinearWeight): Promise<unknown> {
  const tensors = weight.stored().map(async ({ suffix, dtype, shape, read }) => ({
    suffix,
    dtype,
    shape,
    bytes: [...(await read())],
  }));
  return { form: weight.format, attributes: weight.attributes(), tensors: await Promise.all(tensors) };
}

import type { LinearWeight } from './linear-weight';

/**
 * Makes a product of factors that came from a file and checks its shape against the one that the file declares. Where
 * either fails the factors are freed.
 * @throws Error naming both shapes, or why the factors do not go together
 */
export function loadedProduct<Product extends LinearWeight>(
  factors: readonly LinearWeight[],
  [outputs, inputs]: readonly [number, number],
  make: () => Product,
): Product {
  try {
    const product = make();
    if (product.shape[0] === outputs && product.shape[1] === inputs) return product;
    throw new Error(`its factors multiply to ${product.shape.join('×')}, not to ${outputs}×${inputs}`);
  } catch (error) {
    for (const factor of factors) factor.dispose();
    throw error;
  }
}

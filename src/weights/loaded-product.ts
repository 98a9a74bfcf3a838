import type { LinearWeight } from './linear-weight';

/**
 * Creates a product of factors from a file and checks its shape against the declared one. Frees the factors on failure.
 * @throws Error naming both shapes, or why the factors do not fit together
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

/**
 * Uniforms of the product kernels, in order. `columnOffset` and `stride` say where in a wider result the product goes, for a
 * matrix that is stored in blocks of rows.
 */
export const PRODUCT_UNIFORMS = `struct Uniforms {
  tokens: u32,
  // Columns of x and of the matrix.
  width: u32,
  outputs: u32,
  columnOffset: u32,
  // Columns of y.
  stride: u32,
}`;

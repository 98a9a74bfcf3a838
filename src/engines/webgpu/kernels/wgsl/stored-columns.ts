/** Stored columns of a matrix that stores only some; rows computed together store the same ones. */
export interface StoredColumns {
  /**
   * WGSL that defines `quads`, the number of stored quads of columns; `lastRow` is available.
   * @param row expression for one of the rows, or one past the last
   */
  declaration(row: string): string;
  /**
   * A vec4f expression: the activations at the stored columns 4·`quad` … 4·`quad` + 3 of the token that begins at `start`.
   */
  activations(start: string, quad: string): string;
}

/** WGSL of the activations for four stored columns. */
export function storedActivations(
  { storedColumns }: { readonly storedColumns?: StoredColumns },
  start: string,
  quad: string,
): string {
  return storedColumns?.activations(start, quad) ?? `xQuad(${start}, ${quad})`;
}

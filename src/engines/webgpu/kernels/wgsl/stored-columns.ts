/** Which columns the rows of a matrix hold, where they are not all: rows that are made together hold the same. */
export interface StoredColumns {
  /**
   * WGSL that defines `quads`, how many fours of columns are stored; `lastRow` is at hand.
   * @param row expression for one of the rows, or for one past the last
   */
  declaration(row: string): string;
  /** A vec4f expression: the activations at the stored columns 4·`quad` … 4·`quad` + 3 of the token that begins at `start`. */
  activations(start: string, quad: string): string;
}

/** WGSL of the activations that four stored columns meet. */
export function storedActivations(
  { storedColumns }: { readonly storedColumns?: StoredColumns },
  start: string,
  quad: string,
): string {
  return storedColumns?.activations(start, quad) ?? `xQuad(${start}, ${quad})`;
}

/** Token with whether the reference text has it at the same place of the alignment. */
export interface MarkedToken {
  readonly text: string;
  readonly differs: boolean;
}

/** Marks the tokens of `tokens` that are not part of a longest common subsequence with `reference`. */
export function markDifferences(reference: readonly string[], tokens: readonly string[]): MarkedToken[] {
  const [rows, columns] = [reference.length, tokens.length];
  const lengths = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row][column] =
        reference[row] === tokens[column]
          ? lengths[row + 1][column + 1] + 1
          : Math.max(lengths[row + 1][column], lengths[row][column + 1]);
    }
  }
  const marked: MarkedToken[] = [];
  let row = 0;
  for (let column = 0; column < columns; column++) {
    while (
      row < rows &&
      reference[row] !== tokens[column] &&
      lengths[row + 1][column] === lengths[row][column]
    )
      row++;
    const same = row < rows && reference[row] === tokens[column];
    marked.push({ text: tokens[column], differs: !same });
    if (same) row++;
  }
  return marked;
}

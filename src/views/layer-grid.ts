/** Anything that carries the name of a matrix's module. */
interface Named {
  readonly name: string;
}

export interface LayerGrid<Layer extends Named> {
  /** Kinds of matrix: attn.c_attn, mlp.c_fc, … */
  readonly kinds: readonly string[];
  /** One row for each block, with one cell for each kind. */
  readonly blocks: readonly { readonly block: string; readonly cells: readonly (Layer | undefined)[] }[];
}

/**
 * Sorts matrices into a grid by their block's number and the rest of their name; matrices outside blocks share the row
 * "–".
 */
export function layerGrid<Layer extends Named>(layers: readonly Layer[]): LayerGrid<Layer> {
  const kinds: string[] = [];
  const rows = new Map<string, Map<string, Layer>>();
  for (const layer of layers) {
    const match = /(?:^|\.)(?:h|layer)\.(\d+)\.(.+)$/.exec(layer.name);
    const block = match?.[1] ?? '–';
    const kind = match?.[2] ?? layer.name.replace(/^(transformer|bert)\./, '');
    if (!kinds.includes(kind)) kinds.push(kind);
    const row = rows.get(block) ?? new Map<string, Layer>();
    row.set(kind, layer);
    rows.set(block, row);
  }
  return {
    kinds,
    blocks: [...rows].map(([block, row]) => ({ block, cells: kinds.map((kind) => row.get(kind)) })),
  };
}

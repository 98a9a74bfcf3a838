import type { ReactNode } from 'react';
import { layerGrid } from './layer-grid';

interface HeatGridProps<Layer extends { readonly name: string }> {
  readonly label: string;
  readonly caption: string;
  /** Each layer has its module's name. */
  readonly layers: readonly Layer[];
  cell(layer: Layer): ReactNode;
}

/** Matrices of a model as a table with a row for each block and a column for each kind of matrix. */
export function HeatGrid<Layer extends { readonly name: string }>({
  label,
  caption,
  layers,
  cell,
}: HeatGridProps<Layer>) {
  const { kinds, blocks } = layerGrid(layers);
  return (
    <div className="table-scroll">
      <table className="heat" aria-label={label}>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Block</th>
            {kinds.map((kind) => (
              <th key={kind} scope="col">
                {kind}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {blocks.map(({ block, cells }) => (
            <tr key={block}>
              <th scope="row">{block}</th>
              {cells.map((layer, index) => (
                <td key={kinds[index]}>{layer && cell(layer)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

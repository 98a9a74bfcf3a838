import { useState } from 'react';
import type { WeightHistograms } from '../../lab/protocol/protocol';
import type { VariantRow } from '../../store/lab-state';
import { notify } from '../../store/lab-store';
import { bringHere } from '../../store/variant-actions';
import { formatBytes, formatPercent } from '../format';
import { useLabContext } from '../lab-context';
import { HeatGrid } from '../HeatGrid';
import { HistogramPair } from './HistogramPair';

/** Relative error of each matrix, block by kind; a cell shows the weights before and after. */
export function ErrorHeatMap({ rows }: { rows: readonly VariantRow[] }) {
  const context = useLabContext();
  const [shown, setShown] = useState<{ row: string; histograms: WeightHistograms }>();
  const [waiting, setWaiting] = useState<{ module: string; operation: string }>();
  const changed = rows.filter(({ layers }) => layers.length > 0);
  if (changed.length === 0)
    return <p className="hint">Choose a variant other than the base to see its layers.</p>;

  const show = async (row: VariantRow, module: string) => {
    try {
      if (!(await bringHere(context, [row.key]))) return;
      const { operation } = context.store.getState();
      // The lab answers when its device is free again.
      if (operation) setWaiting({ module, operation: operation.title });
      const id = context.store.getState().rows.find(({ key }) => key === row.key)!.id!;
      setShown({ row: row.name, histograms: await context.lab.histograms(id, module) });
    } catch (error) {
      notify(context, 'error', (error as Error).message);
    } finally {
      setWaiting(undefined);
    }
  };

  return (
    <>
      <div className="columns">
        {changed.map((row) => (
          <HeatMap key={row.key} row={row} onCell={(module) => void show(row, module)} />
        ))}
      </div>
      {waiting && (
        <p className="hint" role="status" aria-label="Weights that wait">
          The weights of {waiting.module} are shown once “{waiting.operation}” is over.
        </p>
      )}
      {shown && (
        <HistogramPair title={`${shown.row}, ${shown.histograms.name}`} histograms={shown.histograms} />
      )}
    </>
  );
}

/** Between 0 and 1; the root spreads the small errors, among which the choice is made. */
function heat(relativeError: number): number {
  return Math.sqrt(Math.min(1, relativeError));
}

function HeatMap({ row, onCell }: { row: VariantRow; onCell(module: string): void }) {
  return (
    <HeatGrid
      label={`Relative error of each matrix of ${row.name}`}
      caption={`${row.name}: ‖W − Ŵ‖ / ‖W‖`}
      layers={row.layers}
      cell={(layer) => (
        <button
          type="button"
          className="cell"
          disabled={layer.form === 'removed'}
          style={{ '--heat': heat(layer.relativeError) } as React.CSSProperties}
          title={`${layer.name}: ${formatBytes(layer.storedBytes)}, ${layer.form}. Click for its weights.`}
          onClick={() => onCell(layer.name)}
        >
          {formatPercent(layer.relativeError)}
        </button>
      )}
    />
  );
}

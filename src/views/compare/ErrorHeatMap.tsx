import { useState } from 'react';
import type { WeightHistograms } from '../../lab/protocol/protocol';
import type { VariantRow } from '../../store/lab-state';
import { notify } from '../../store/lab-store';
import { makeOnDevice } from '../../store/variant-actions';
import { formatBytes, formatPercent } from '../format';
import { useLabContext } from '../lab-context';
import { HeatGrid } from '../HeatGrid';
import { HistogramPair } from './HistogramPair';

/**
 * Heat map of each matrix's relative error, by block and kind; a cell opens histograms of the weights before and after.
 */
export function ErrorHeatMap({ rows }: { rows: readonly VariantRow[] }) {
  const context = useLabContext();
  const [shown, setShown] = useState<{ row: string; histograms: WeightHistograms }>();
  const [waiting, setWaiting] = useState<{ module: string; operation: string }>();
  const changed = rows.filter(({ layers }) => layers.length > 0);
  if (changed.length === 0)
    return <p className="hint">Choose a variant other than the base to see its layers.</p>;

  const show = async (row: VariantRow, module: string) => {
    try {
      if (!(await makeOnDevice(context, [row.key]))) return;
      const { operation } = context.store.getState();
      // The lab answers once its device is free.
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
        <p className="hint" role="status" aria-label="Pending weights">
          The weights of {waiting.module} are shown once “{waiting.operation}” has finished.
        </p>
      )}
      {shown && (
        <HistogramPair title={`${shown.row}, ${shown.histograms.name}`} histograms={shown.histograms} />
      )}
    </>
  );
}

/** Heat between 0 and 1; the square root spreads the small errors, among which the user chooses. */
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

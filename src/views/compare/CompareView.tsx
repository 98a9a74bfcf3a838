import { Tabs } from 'radix-ui';
import { useDeferredValue, useMemo } from 'react';
import type { VariantRow } from '../../store/lab-state';
import { useLab } from '../lab-context';
import { ErrorHeatMap } from './ErrorHeatMap';
import { MetricsSideBySide } from './MetricsSideBySide';
import { Predictions } from './Predictions';

const TABS = [
  { id: 'outputs', title: 'Outputs' },
  { id: 'metrics', title: 'Metrics' },
  { id: 'layers', title: 'Layers' },
] as const;

/** Selected variants side by side: their outputs, their figures and their errors relative to the base. */
export function CompareView() {
  const rows = useDeferredValue(useLab((state) => state.rows));
  const selected = useLab((state) => state.selected);
  const chosen = useMemo(() => rows.filter(({ key }) => selected.includes(key)), [rows, selected]);
  if (rows.length === 0) return null;
  return (
    <section className="card" aria-labelledby="compare-title">
      <Tabs.Root defaultValue="outputs">
        <div className="row wrap">
          <h2 id="compare-title">Side by side</h2>
          <Tabs.List aria-label="Comparison" className="row">
            {TABS.map(({ id, title }) => (
              <Tabs.Trigger key={id} value={id} className="tab">
                {title}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <span className="hint">{namesInWords(chosen)}</span>
        </div>
        {chosen.length < 2 && <p className="hint">Tick two or more variants in the table to compare them.</p>}
        <Tabs.Content value="outputs">
          <Predictions rows={chosen} />
        </Tabs.Content>
        <Tabs.Content value="metrics">
          <MetricsSideBySide rows={chosen} />
        </Tabs.Content>
        <Tabs.Content value="layers">
          <ErrorHeatMap rows={chosen} />
        </Tabs.Content>
      </Tabs.Root>
    </section>
  );
}

function namesInWords(rows: readonly VariantRow[]): string {
  return rows.map(({ name }) => name).join(' · ');
}

import { useMemo, useState } from 'react';
import type { VariantRow } from '../../store/lab-state';
import { useLab } from '../lab-context';
import { ErrorHeatMap } from './ErrorHeatMap';
import { MetricsSideBySide } from './MetricsSideBySide';
import { Predictions } from './Predictions';

type Tab = 'outputs' | 'metrics' | 'layers';

const TABS: readonly { id: Tab; title: string }[] = [
  { id: 'outputs', title: 'Outputs' },
  { id: 'metrics', title: 'Metrics' },
  { id: 'layers', title: 'Layers' },
];

/** The chosen variants next to each other: what they say, what they measure, where they differ from the base. */
export function CompareView() {
  const rows = useLab((state) => state.rows);
  const selected = useLab((state) => state.selected);
  const [tab, setTab] = useState<Tab>('outputs');
  const chosen = useMemo(() => rows.filter(({ key }) => selected.includes(key)), [rows, selected]);
  if (rows.length === 0) return null;
  return (
    <section className="card" aria-labelledby="compare-title">
      <div className="row wrap">
        <h2 id="compare-title">Side by side</h2>
        <div role="tablist" aria-label="What to compare" className="row">
          {TABS.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              role="tab"
              aria-selected={tab === id}
              className="tab"
              onClick={() => setTab(id)}
            >
              {title}
            </button>
          ))}
        </div>
        <span className="hint">{namesInWords(chosen)}</span>
      </div>
      {chosen.length < 2 && <p className="hint">Tick two or more variants in the table to compare them.</p>}
      <div role="tabpanel" aria-label={tab}>
        {tab === 'outputs' && <Predictions rows={chosen} />}
        {tab === 'metrics' && <MetricsSideBySide rows={chosen} />}
        {tab === 'layers' && <ErrorHeatMap rows={chosen} />}
      </div>
    </section>
  );
}

function namesInWords(rows: readonly VariantRow[]): string {
  return rows.map(({ name }) => name).join(' · ');
}

import { memo, useDeferredValue, useMemo, useState } from 'react';
import {
  CartesianGrid,
  ErrorBar,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  usePlotArea,
  useXAxisScale,
  useYAxisScale,
  XAxis,
  YAxis,
  ZIndexLayer,
} from 'recharts';
import type { VariantRow } from '../../store/lab-state';
import { formatNumber } from '../format';
import { useLab } from '../lab-context';
import {
  chartFigures,
  type ChartPoint,
  chartPoints,
  type CostAxis,
  type DrawnFigure,
  isWide,
  nearPoints,
} from './chart-points';
import { placeLabels } from './label-places';

import { paretoFront } from './pareto';
import { markShape, seriesClass } from './VariantMark';

/** Charts of quality against size and of quality against speed. */
export function ComparisonCharts() {
  // Drawing a chart takes tens of milliseconds, so it is deferred until React has handled the user's input.
  const rows = useDeferredValue(useLab((state) => state.rows));
  const figures = useMemo(() => chartFigures(rows), [rows]);
  const [chosen, setChosen] = useState('');
  const quality = figures.find(({ id }) => id === chosen) ?? figures.at(0);
  const [speed, setSpeed] = useState<'decode' | 'prefill'>('decode');
  if (!quality) {
    return (
      <section className="card empty" aria-label="Charts">
        <p>Measure the model to see what each variant keeps and costs.</p>
      </section>
    );
  }
  return (
    <div className="charts">
      <Chart
        title="Quality against size"
        rows={rows}
        cost="size"
        quality={quality}
        choice={<QualityChoice figures={figures} quality={quality} onChange={setChosen} />}
      />
      <Chart
        title="Quality against latency"
        rows={rows}
        cost={speed}
        quality={quality}
        control={
          <select
            aria-label="Latency shown"
            value={speed}
            onChange={(event) => setSpeed(event.target.value as 'decode' | 'prefill')}
          >
            <option value="decode">decode</option>
            <option value="prefill">prefill</option>
          </select>
        }
      />
    </div>
  );
}

interface QualityChoiceProps {
  readonly figures: readonly DrawnFigure[];
  readonly quality: DrawnFigure;
  onChange(id: string): void;
}

function QualityChoice({ figures, quality, onChange }: QualityChoiceProps) {
  if (figures.length === 1) return quality.title;
  return (
    <select
      className="quiet"
      aria-label="Quality shown"
      value={quality.id}
      onChange={(event) => onChange(event.target.value)}
    >
      {figures.map(({ id, title }) => (
        <option key={id} value={id}>
          {title}
        </option>
      ))}
    </select>
  );
}

/** Recharts draws lines and points below this z-index. */
const ABOVE_POINTS = 1500;

const AXIS_TITLES: Readonly<Record<CostAxis, string>> = {
  size: 'MB in the file',
  decode: 'ms a generated token',
  prefill: 'ms a prompt token',
};

interface ChartProps {
  readonly title: string;
  readonly rows: readonly VariantRow[];
  readonly cost: CostAxis;
  readonly quality: DrawnFigure;
  /** Shown in place of the quality's name. */
  readonly choice?: React.ReactNode;
  readonly control?: React.ReactNode;
}

const Chart = memo(function Chart({ title, rows, cost, quality, choice, control }: ChartProps) {
  const all = useMemo(() => chartPoints(rows, cost, quality.id), [rows, cost, quality]);
  const [showAll, setShowAll] = useState(false);
  // A factorization that lost nearly everything would squeeze all other points into one line.
  const points = useMemo(
    () => (quality.better === 'lower' && !showAll ? nearPoints(all) : all),
    [all, quality, showAll],
  );
  const hidden = all.length - points.length;
  const front = useMemo(() => paretoFront(points, quality.better), [points, quality]);
  const wide = isWide(points);
  return (
    <figure className="card chart" aria-label={`${title}: ${all.length} variants`}>
      <figcaption className="row">
        <b>
          {choice ?? quality.title}
          {title.replace('Quality', '')}
        </b>
        <span className="hint">
          {quality.better} is better{wide ? ', log scale' : ''}
        </span>
        <span className="spacer" />
        {(hidden > 0 || showAll) && (
          <button type="button" className="quiet" onClick={() => setShowAll(!showAll)}>
            {showAll ? 'Zoom in' : `+${hidden} far off`}
          </button>
        )}
        {control}
      </figcaption>
      {points.length === 0 ? (
        <p className="empty">Not measured yet.</p>
      ) : (
        <ResponsiveContainer width="100%" height={214}>
          <ScatterChart margin={{ top: 16, right: 24, bottom: 4, left: 0 }} accessibilityLayer>
            <CartesianGrid strokeDasharray="2 4" />
            <XAxis
              type="number"
              dataKey="cost"
              domain={['auto', 'auto']}
              tickFormatter={formatNumber}
              tickCount={5}
              label={{ value: AXIS_TITLES[cost], position: 'insideBottomRight', offset: 0, dy: 2 }}
              height={38}
            />
            <YAxis
              type="number"
              dataKey="quality"
              scale={wide ? 'log' : 'auto'}
              domain={['auto', 'auto']}
              tickFormatter={formatNumber}
              width={58}
            />
            <Tooltip
              isAnimationActive={false}
              content={<PointDetails metric={quality.title} cost={AXIS_TITLES[cost]} />}
            />
            <Scatter
              data={front}
              line={{ className: 'front' }}
              shape={() => <g />}
              isAnimationActive={false}
              legendType="none"
              tooltipType="none"
            />
            <Scatter data={points} isAnimationActive={false} shape={Mark}>
              <ErrorBar dataKey="error" direction="y" width={4} className="error-bar" />
            </Scatter>
            <ZIndexLayer zIndex={ABOVE_POINTS}>
              <Labels points={points} />
            </ZIndexLayer>
          </ScatterChart>
        </ResponsiveContainer>
      )}
    </figure>
  );
});

/** Marker of one variant. */
function Mark(props: unknown) {
  const { cx, cy, payload } = props as { cx: number; cy: number; payload: ChartPoint };
  return (
    <g transform={`translate(${cx},${cy})`} className={seriesClass(payload.index)}>
      <path d={markShape(payload.index, 5)} />
    </g>
  );
}

/** Variant names beside their points, placed where they cover nothing. */
function Labels({ points }: { points: readonly ChartPoint[] }) {
  const xScale = useXAxisScale();
  const yScale = useYAxisScale();
  const area = usePlotArea();
  if (!xScale || !yScale || !area) return null;
  const marks = points.map(({ cost, quality, name }) => ({
    x: Number(xScale(cost)) - area.x,
    y: Number(yScale(quality)) - area.y,
    text: name,
  }));
  const places = placeLabels(marks, area);
  return (
    <g className="labels">
      {marks.map(({ x, y, text }, index) => {
        const place = places[index];
        return (
          place && (
            <text key={text} x={area.x + x + place.dx} y={area.y + y + place.dy} textAnchor={place.anchor}>
              {text}
            </text>
          )
        );
      })}
    </g>
  );
}

function PointDetails(props: { metric: string; cost: string; payload?: { payload: ChartPoint }[] }) {
  const point = props.payload?.[0]?.payload;
  if (!point) return null;
  return (
    <div className="tooltip">
      <b>{point.name}</b>
      <p>{point.recipe}</p>
      <p>
        {props.metric} {formatNumber(point.quality)} ± {formatNumber(point.error)}
      </p>
      <p>
        {formatNumber(point.cost)} {props.cost}
      </p>
    </div>
  );
}

import { memo, useDeferredValue, useMemo } from 'react';
import { CartesianGrid, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { LossPoint } from '../../lab/report/training-record';
import { markShape, seriesClass, VariantMark } from '../chart/VariantMark';
import { formatCount, formatNumber } from '../format';
import { useLab } from '../lab-context';
import { type VariantCurve, variantCurves } from './variant-curves';

/** Held-out loss curves of all trained variants in one chart; a single curve is left to the run's own chart. */
export const TrainedVariants = memo(function TrainedVariants() {
  // Rendering is deferred until React has handled the user's input.
  const rows = useDeferredValue(useLab((state) => state.rows));
  const run = useDeferredValue(useLab((state) => state.training));
  const curves = useMemo(() => variantCurves(rows, run), [rows, run]);
  if (curves.length === 0 || (curves.length === 1 && run)) return null;
  return (
    <figure className="chart" aria-label={`Held-out losses of trained variants: ${curves.length} curves`}>
      <figcaption className="row wrap">
        <b>Held-out loss of trained variants</b>
        <span className="hint">nats, by tokens trained on; comparable only for the same text and sequence length</span>
      </figcaption>
      <ul className="legend row wrap hint">
        {curves.map(({ name, index }) => (
          <li key={name}>
            <VariantMark index={index} /> {name}
          </li>
        ))}
      </ul>
      <ResponsiveContainer width="100%" height={200}>
        <ScatterChart margin={{ top: 8, right: 16, bottom: 4, left: 0 }} accessibilityLayer>
          <CartesianGrid strokeDasharray="2 4" />
          <XAxis
            type="number"
            dataKey="tokens"
            domain={[0, 'dataMax']}
            tickFormatter={formatCount}
            tickCount={6}
            height={26}
          />
          <YAxis type="number" dataKey="loss" domain={['auto', 'auto']} tickFormatter={formatNumber} width={58} />
          <Tooltip isAnimationActive={false} content={<PointDetails />} />
          {curves.map((curve) => (
            <Scatter
              key={curve.name}
              data={pointsOf(curve)}
              className={`variant-curve ${seriesClass(curve.index)}`}
              line
              shape={Mark}
              isAnimationActive={false}
            />
          ))}
        </ScatterChart>
      </ResponsiveContainer>
    </figure>
  );
});

interface CurvePoint extends LossPoint, Pick<VariantCurve, 'name' | 'index'> {}

function pointsOf({ name, index, losses }: VariantCurve): CurvePoint[] {
  return losses.map((point) => ({ ...point, name, index }));
}

function Mark(props: unknown) {
  const { cx, cy, payload } = props as { cx: number; cy: number; payload: CurvePoint };
  return <path transform={`translate(${cx},${cy})`} d={markShape(payload.index, 3)} />;
}

function PointDetails(props: { payload?: { payload: CurvePoint }[] }) {
  const point = props.payload?.[0]?.payload;
  if (!point) return null;
  return (
    <div className="tooltip">
      <b>{point.name}</b>
      <p>
        held-out loss {formatNumber(point.loss)} at step {point.step}, {point.tokens.toLocaleString('en')} tokens
      </p>
    </div>
  );
}

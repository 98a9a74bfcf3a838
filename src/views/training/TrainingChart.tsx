import { memo, useDeferredValue, useMemo } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { TrainingPoint } from '../../lab/protocol/protocol';
import { lossesOf } from '../../lab/report/training-record';
import { formatNumber } from '../format';
import { chartCurve, type CurvePoint } from './chart-curve';

interface TrainingChartProps {
  readonly name: string;
  readonly points: readonly TrainingPoint[];
}

/** Training and held-out loss by step, updated during the run. */
export const TrainingChart = memo(function TrainingChart({ name, points }: TrainingChartProps) {
  // Rendering is deferred until React has handled the user's input.
  const shown = useDeferredValue(points);
  const curve = useMemo(() => chartCurve(lossesOf(shown)), [shown]);
  const steps = shown.at(-1)?.steps ?? 1;
  return (
    <figure className="chart" aria-label={`Loss of ${name}: ${shown.length} points`}>
      <figcaption className="row">
        <span className="hint">
          <span className="key series-1" /> training loss <span className="key series-2" /> held-out loss (nats),
          by step
        </span>
      </figcaption>
      <ResponsiveContainer width="100%" height={200}>
        <LineChart data={curve} margin={{ top: 8, right: 16, bottom: 4, left: 0 }} accessibilityLayer>
          <CartesianGrid strokeDasharray="2 4" />
          <XAxis type="number" dataKey="step" domain={[0, steps]} tickCount={6} height={26} />
          <YAxis type="number" domain={['auto', 'auto']} tickFormatter={formatNumber} width={58} />
          <Tooltip isAnimationActive={false} content={<PointDetails />} />
          <Line
            dataKey="training"
            className="curve training"
            dot={false}
            connectNulls
            isAnimationActive={false}
          />
          <Line
            dataKey="heldOut"
            className="curve held-out"
            dot={{ r: 2 }}
            connectNulls
            isAnimationActive={false}
          />
        </LineChart>
      </ResponsiveContainer>
    </figure>
  );
});

function PointDetails(props: { payload?: { payload: CurvePoint }[] }) {
  const point = props.payload?.[0]?.payload;
  if (!point) return null;
  return (
    <div className="tooltip">
      <b>Step {point.step}</b>
      {point.training !== undefined && <p>training loss {formatNumber(point.training)}</p>}
      {point.heldOut !== undefined && <p>held-out loss {formatNumber(point.heldOut)}</p>}
    </div>
  );
}

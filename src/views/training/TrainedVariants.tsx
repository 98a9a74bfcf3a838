import { memo, useDeferredValue, useMemo } from 'react';
import { CartesianGrid, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { LossPoint } from '../../lab/report/training-record';
import { markShape, seriesClass, VariantMark } from '../chart/VariantMark';
import { formatCount, formatNumber } from '../format';
import { useLab } from '../lab-context';
import { type VariantCurve, variantCurves } from './variant-curves';

/** How the held-out loss of each trained variant went, in one picture; one alone is what the run shows anyway. */
export const TrainedVariants = memo(function TrainedVariants() {
  // Drawing waits until the page has answered what the user did.
  const rows = useDeferredValue(useLab((state) => state.rows));
  const run = useDeferredValue(useLab((state) => state.training));
  const curves = useMemo(() => variantCurves(rows, run), [rows, run]);
  if (curves.length === 0 || (curves.length === 1 && run)) return null;
  return (
    <figure className="chart" aria-label={`Held-out losses of trained variants: ${curves.length} curves`}>
      <figcaption className="row wrap">
        <b>Held-out loss of trained variants</b>
        <span className="hint">nats, by tokens trained on; comparable where text and length are the same</span>
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
          <Tooltip isAnimationActive={false} content={<PlaceDetails />} />
          {curves.map((curve) => (
            <Scatter
              key={curve.name}
              data={placesOf(curve)}
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

interface Place extends LossPoint, Pick<VariantCurve, 'name' | 'index'> {}

function placesOf({ name, index, losses }: VariantCurve): Place[] {
  return losses.map((point) => ({ ...point, name, index }));
}

function Mark(props: unknown) {
  const { cx, cy, payload } = props as { cx: number; cy: number; payload: Place };
  return <path transform={`translate(${cx},${cy})`} d={markShape(payload.index, 3)} />;
}

function PlaceDetails(props: { payload?: { payload: Place }[] }) {
  const place = props.payload?.[0]?.payload;
  if (!place) return null;
  return (
    <div className="tooltip">
      <b>{place.name}</b>
      <p>
        held-out loss {formatNumber(place.loss)} at step {place.step}, {place.tokens.toLocaleString('en')} tokens
      </p>
    </div>
  );
}

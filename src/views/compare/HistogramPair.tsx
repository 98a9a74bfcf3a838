import { Bar, BarChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Histogram, WeightHistograms } from '../../lab/protocol/protocol';
import { formatCount, formatNumber } from '../format';

/**
 * Histograms of one matrix's weights before and after compression, in the same bins; counts are on a log scale because
 * zeros dominate.
 */
export function HistogramPair({ title, histograms }: { title: string; histograms: WeightHistograms }) {
  return (
    <figure className="histograms" aria-label={`Weights of ${title}`}>
      <figcaption>{title}: weights before and after (log counts)</figcaption>
      <div className="columns">
        <Bars name="before" histogram={histograms.before} />
        <Bars name="after" histogram={histograms.after} />
      </div>
    </figure>
  );
}

function Bars({ name, histogram }: { name: string; histogram: Histogram }) {
  const width = (histogram.max - histogram.min) / histogram.counts.length;
  const data = histogram.counts.map((count, index) => ({
    value: histogram.min + (index + 0.5) * width,
    count: count === 0 ? undefined : count,
  }));
  return (
    <div>
      <p className="hint">{name}</p>
      <ResponsiveContainer width="100%" height={140}>
        <BarChart data={data} barCategoryGap={0} margin={{ top: 4, right: 8, bottom: 0, left: 0 }}>
          <XAxis dataKey="value" tickFormatter={formatNumber} minTickGap={30} />
          <YAxis
            scale="log"
            domain={[0.8, 'auto']}
            tickFormatter={formatCount}
            width={44}
            allowDataOverflow
          />
          <Tooltip
            isAnimationActive={false}
            formatter={(count) => [Number(count).toLocaleString('en'), 'weights']}
            labelFormatter={(value) => formatNumber(Number(value))}
          />
          <Bar dataKey="count" className="histogram-bar" isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

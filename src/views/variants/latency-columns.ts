import type { Duration, Durations, LatencyReport, Rate } from '../../lab/protocol/protocol';
import type { VariantRow } from '../../store/lab-state';
import { formatMilliseconds, formatNumber } from '../format';
import type { Column } from './column';

const WALL_HINT = 'Wall-clock time: median and 95th percentile of the runs.';
const GPU_HINT =
  'GPU time of the same runs: median and 95th percentile. The rest of the wall-clock time is CPU, browser and read-back. Browsers round GPU timestamps, Chrome to 0.1 ms.';
const NOTE_HINT = 'Below it, wall-clock time and the GPU’s share of it';

export const LATENCY_COLUMNS: readonly Column[] = [
  rateColumn(
    'prefillTokensPerSecond',
    'Prefill tok/s',
    `Prompt tokens per second on this device: median of the runs, and the rate that 95 % of them reach. ${NOTE_HINT}, for the whole prompt.`,
    (latency) => latency.prefillMilliseconds,
  ),
  durationColumn(
    'prefillMilliseconds',
    'Prefill ms',
    `Milliseconds for the whole prompt. ${WALL_HINT}`,
    (latency) => latency.prefillMilliseconds?.wall,
  ),
  durationColumn(
    'prefillGpuMilliseconds',
    'Prefill GPU ms',
    `Milliseconds for the whole prompt. ${GPU_HINT}`,
    (latency) => latency.prefillMilliseconds?.gpu,
  ),
  rateColumn(
    'decodeTokensPerSecond',
    'Decode tok/s',
    `Generated tokens per second on this device: median of the runs, and the rate that 95 % of them reach. ${NOTE_HINT}, for one token.`,
    (latency) => latency.decodeMilliseconds,
  ),
  durationColumn(
    'decodeMilliseconds',
    'Decode ms',
    `Milliseconds for one generated token. ${WALL_HINT}`,
    (latency) => latency.decodeMilliseconds?.wall,
  ),
  durationColumn(
    'decodeGpuMilliseconds',
    'Decode GPU ms',
    `Milliseconds for one generated token. ${GPU_HINT}`,
    (latency) => latency.decodeMilliseconds?.gpu,
  ),
];

function rateColumn(
  id: 'prefillTokensPerSecond' | 'decodeTokensPerSecond',
  title: string,
  hint: string,
  durations: (latency: LatencyReport) => Durations | undefined,
): Column {
  const rateOf = ({ latency }: VariantRow) => latency?.[id];
  return {
    id,
    title,
    hint,
    value: (row) => rateOf(row)?.median,
    format: (row) => withTail(rateOf(row)),
    brief: (row) => {
      const rate = rateOf(row);
      return rate ? formatNumber(rate.median) : '–';
    },
    notes: ({ latency }) => {
      const both = latency && durations(latency);
      return both ? wallAndGpuTime(both) : [];
    },
  };
}

/** Column for copies and the side-by-side view. */
function durationColumn(
  id: string,
  title: string,
  hint: string,
  duration: (latency: LatencyReport) => Duration | undefined,
): Column {
  const durationOf = ({ latency }: VariantRow) => latency && duration(latency);
  return {
    id,
    title,
    hint,
    value: (row) => durationOf(row)?.median,
    format: (row) => withTail(durationOf(row)),
    isDetail: true,
  };
}

function withTail(figure: Rate | Duration | undefined): string {
  return figure ? `${formatNumber(figure.median)} (p95 ${formatNumber(figure.p95)})` : '–';
}

/** Wall time, followed by GPU time if the device has timestamp queries. */
function wallAndGpuTime({ wall, gpu }: Durations): string[] {
  const passed = formatMilliseconds(wall.median);
  return gpu ? [passed, `GPU ${formatMilliseconds(gpu.median)}`] : [passed];
}

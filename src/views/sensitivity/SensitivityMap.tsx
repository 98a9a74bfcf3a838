import type { SensitivityEntry, SensitivityProfile } from '../../lab/report/sensitivity-profile';
import { formatBytes, formatNumber } from '../format';
import { HeatGrid } from '../HeatGrid';

/** Heat map of the divergence caused by compressing each linear (or block) alone, by block and kind. */
export function SensitivityMap({ profile }: { profile: SensitivityProfile }) {
  const heat = heatScale(profile.entries);
  return (
    <HeatGrid
      label="Sensitivity of each linear"
      caption={`Divergence from the base in nats when compressed alone by ${profile.method}; ${profile.protocol}`}
      layers={profile.entries.map(named)}
      cell={({ entry }) => (
        <span
          className="cell"
          style={{ '--heat': heat(entry.divergence) } as React.CSSProperties}
          title={`${entry.name}: saves ${formatBytes(Math.max(0, entry.bytesSaved))}`}
        >
          {formatNumber(entry.divergence)}
        </span>
      )}
    />
  );
}

/** Names a whole block "all linears", its only kind in the grid. */
function named(entry: SensitivityEntry): { name: string; entry: SensitivityEntry } {
  const block = /^block (\d+)$/.exec(entry.name)?.[1];
  return { name: block === undefined ? entry.name : `h.${block}.all linears`, entry };
}

/** Maps divergences to colours on a logarithmic scale, since they span orders of magnitude. */
function heatScale(entries: readonly SensitivityEntry[]): (divergence: number) => number {
  const logarithms = entries.map(({ divergence }) => Math.log(Math.max(divergence, 1e-9)));
  const [least, greatest] = [Math.min(...logarithms), Math.max(...logarithms)];
  const span = greatest - least || 1;
  return (divergence) => (Math.log(Math.max(divergence, 1e-9)) - least) / span;
}

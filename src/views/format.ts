/** Formats bytes in decimal units, as file managers and model hubs do. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** Formats a figure to about three significant digits, without exponents for everyday sizes. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 10_000) return Math.round(value).toLocaleString('en');
  if (size >= 100) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.001) return value.toFixed(4);
  return value.toExponential(1);
}

/** Formats a time to three significant digits: 349 ms, 35.7 ms, 3.10 ms. */
export function formatMilliseconds(value: number): string {
  return `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)} ms`;
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Formats an approximate duration: 12 s, 4 minutes, 1.5 hours. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}

/** 3,505,152 → 3.51 M */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`;
  if (count >= 1e3) return `${(count / 1e3).toFixed(1)} k`;
  return String(count);
}

/** Formats a parameter count, with the active parameters if a token uses only some: 3.51 M (2.10 M a token) */
export function formatParameters(size: {
  readonly parameters: number;
  readonly activeParameters?: number;
}): string {
  const stored = formatCount(size.parameters);
  return size.activeParameters === undefined
    ? stored
    : `${stored} (${formatCount(size.activeParameters)} a token)`;
}

/** Formats a date as 21 November 2026. */
export function formatDate(iso: string): string {
  return new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
}

/** Formats a date and time as 21 Nov 2026, 20:14. */
export function formatDateTime(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

import type { LabState } from './lab-state';
import type { LabStore } from './lab-store';

const THEMES: readonly LabState['theme'][] = ['light', 'dark', 'system'];

/** State of interest from the address's hash: the theme and the recipe being written, so that a link carries them. */
export function restoreFromAddress(hash: string): Partial<LabState> {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const theme = THEMES.find((known) => known === parameters.get('theme'));
  const draft = parseDraft(parameters.get('recipe'));
  return { ...(theme ? { theme } : {}), ...(draft ? { draft } : {}) };
}

/** Keeps the hash in step with the state, without adding to the history. */
export function storeInAddress(store: LabStore): void {
  store.subscribe(({ theme, draft }, before) => {
    if (theme === before.theme && draft === before.draft) return;
    const parameters = new URLSearchParams();
    if (theme !== 'system') parameters.set('theme', theme);
    if (draft.steps.length > 0) parameters.set('recipe', JSON.stringify(draft));
    history.replaceState(undefined, '', `#${parameters}`);
  });
}

function parseDraft(text: string | null): LabState['draft'] | undefined {
  if (!text) return undefined;
  try {
    const draft = JSON.parse(text) as LabState['draft'];
    return typeof draft.name === 'string' && Array.isArray(draft.steps) ? draft : undefined;
  } catch {
    return undefined;
  }
}

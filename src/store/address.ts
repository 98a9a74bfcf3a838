import type { LabState } from './lab-state';
import type { LabStore } from './lab-store';
import { readDraft } from './recipe-draft';

const THEMES: readonly LabState['theme'][] = ['light', 'dark', 'system'];

/** Reads the theme, the recipe draft and the selected variants from the address's hash, so that a link carries them. */
export function restoreFromAddress(hash: string): Partial<LabState> {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const theme = THEMES.find((known) => known === parameters.get('theme'));
  const draft = parseDraft(parameters.get('recipe'));
  const selected = parameters.get('compare')?.split(',').filter(Boolean);
  return { ...(theme ? { theme } : {}), ...(draft ? { draft } : {}), ...(selected ? { selected } : {}) };
}

/** Keeps the hash in step with the state without adding to the history. */
export function storeInAddress(store: LabStore): void {
  store.subscribe(({ theme, draft, selected }, before) => {
    if (theme === before.theme && draft === before.draft && selected === before.selected) return;
    const parameters = new URLSearchParams();
    if (theme !== 'system') parameters.set('theme', theme);
    if (draft.steps.length > 0) parameters.set('recipe', JSON.stringify(draft));
    if (selected.length > 0) parameters.set('compare', selected.join(','));
    history.replaceState(undefined, '', `#${parameters}`);
  });
}

function parseDraft(text: string | null): LabState['draft'] | undefined {
  if (!text) return undefined;
  try {
    return readDraft(JSON.parse(text));
  } catch {
    return undefined;
  }
}

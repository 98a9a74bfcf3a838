import { useState } from 'react';
import { allocateBudget } from '../../lab/report/allocate-budget';
import type { SensitivityProfile } from '../../lab/report/sensitivity-profile';
import { BASE_KEY } from '../../store/lab-state';
import { draftForBudget, PROFILE_FILE } from '../../store/sensitivity-actions';
import { compress } from '../../store/variant-actions';
import { saveText } from '../export/save-text';
import { formatBytes, formatNumber } from '../format';
import { useLab, useLabContext } from '../lab-context';

const STEPS = 200;

/** Form that takes a budget in bytes or bits per weight and selects the least sensitive linears that meet it. */
export function BudgetForm({ profile }: { profile: SensitivityProfile }) {
  const context = useLabContext();
  const busy = useLab((state) => state.operation !== undefined);
  const base = useLab((state) => state.rows.find(({ key }) => key === BASE_KEY));
  const [share, setShare] = useState(0.5);
  const [inBits, setInBits] = useState(true);
  if (!base) return null;
  const full = base.size.storedBytes;
  const least = allocateBudget(profile, full, 0).bytes;
  const budget = least + share * (full - least);
  const allocation = allocateBudget(profile, full, budget);
  const bitsOf = (bytes: number) => (base.size.bitsPerWeight * bytes) / full;
  const inWords = (bytes: number) =>
    inBits ? `${bitsOf(bytes).toFixed(2)} bits per weight` : formatBytes(bytes);
  const nothing = allocation.chosen.length === 0;
  return (
    <div className="subform">
      <div className="row wrap">
        <label className="field">
          <span>Budget: {inWords(budget)}</span>
          <input
            type="range"
            min={0}
            max={STEPS}
            value={Math.round(share * STEPS)}
            aria-valuetext={inWords(budget)}
            onChange={(event) => setShare(Number(event.target.value) / STEPS)}
          />
        </label>
        <label className="field narrow">
          <span>Counted in</span>
          <select
            value={inBits ? 'bits' : 'bytes'}
            onChange={(event) => setInBits(event.target.value === 'bits')}
          >
            <option value="bits">bits</option>
            <option value="bytes">bytes</option>
          </select>
        </label>
      </div>
      <p className="hint" role="status">
        Compresses {allocation.chosen.length} of {profile.entries.length}, in order of divergence per byte
        saved: about {inWords(allocation.bytes)}; divergences add up to {formatNumber(allocation.divergence)}{' '}
        nats.
      </p>
      <div className="row wrap">
        <button
          type="button"
          className="primary"
          disabled={busy || nothing}
          onClick={() => void compress(context, draftForBudget(context, profile, allocation))}
        >
          Compress these
        </button>
        <button type="button" disabled={nothing} onClick={() => draftForBudget(context, profile, allocation)}>
          Use as the recipe
        </button>
        <button type="button" onClick={() => saveText(PROFILE_FILE, JSON.stringify(profile, undefined, 2))}>
          Save {PROFILE_FILE}
        </button>
      </div>
    </div>
  );
}

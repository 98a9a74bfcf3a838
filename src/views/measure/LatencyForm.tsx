import { useState } from 'react';
import type { ModelInfo } from '../../lab/protocol/protocol';
import { measureLatency } from '../../store/variant-actions';
import { useLab, useLabContext } from '../lab-context';
import { NumberField } from '../NumberField';

/** Form that measures the prefill and decode speed of every variant on this device. */
export function LatencyForm({ model }: { model: ModelInfo }) {
  const context = useLabContext();
  const busy = useLab((state) => state.operation !== undefined);
  const isCausal = model.task === 'causal-lm';
  const [prefillTokens, setPrefill] = useState(Math.min(64, Math.floor(model.contextLength / 2)));
  const [decodeTokens, setDecode] = useState(
    isCausal ? Math.min(32, Math.floor(model.contextLength / 4)) : 0,
  );
  const [runs, setRuns] = useState(5);
  return (
    <div className="subform">
      <div className="row">
        <NumberField
          label="Prefill"
          value={prefillTokens}
          min={1}
          max={model.contextLength}
          onChange={setPrefill}
        />
        {isCausal && (
          <NumberField
            label="Decode"
            value={decodeTokens}
            min={1}
            max={model.contextLength}
            onChange={setDecode}
          />
        )}
        <NumberField label="Runs" value={runs} min={1} max={100} onChange={setRuns} />
      </div>
      <button
        type="button"
        disabled={busy}
        onClick={() => void measureLatency(context, { prefillTokens, decodeTokens, runs })}
      >
        Measure latency
      </button>
    </div>
  );
}

import { useState } from 'react';
import type { TextPrediction } from '../../lab/protocol/protocol';
import { BASE_KEY, type VariantRow } from '../../store/lab-state';
import { runOperation } from '../../store/lab-store';
import { makeOnDevice } from '../../store/variant-actions';
import { formatPercent } from '../format';
import { useLab, useLabContext } from '../lab-context';
import { markDifferences } from './token-diff';
import { INITIAL_SAMPLING, SamplingFields } from './SamplingFields';

const PROMPTS = {
  'causal-lm': 'Once upon a time there was a king',
  'masked-lm': 'the old king [MASK] a beautiful princess .',
  'sequence-classification': "it 's a stunning lyrical work of considerable force and truth",
} as const;

const NEW_TOKENS = 24;

/** Output of each selected variant for the same prompt or sentence. */
export function Predictions({ rows }: { rows: readonly VariantRow[] }) {
  const context = useLabContext();
  const task = useLab((state) => state.model?.task);
  const busy = useLab((state) => state.operation !== undefined);
  const [prompt, setPrompt] = useState<string>();
  const [count, setCount] = useState(NEW_TOKENS);
  const [sampling, setSampling] = useState(INITIAL_SAMPLING);
  const [predictions, setPredictions] = useState<Readonly<Record<string, TextPrediction>>>({});
  if (!task) return <p className="hint">Load a model to run a prompt through its variants.</p>;
  const tasks = new Set(rows.map((row) => row.task ?? task));
  // Variants of several tasks get a text with a mask, which every task can process.
  const text = prompt ?? PROMPTS[tasks.size === 1 ? [...tasks][0] : task];

  const run = async () => {
    const keys = rows.map(({ key }) => key);
    if (!(await makeOnDevice(context, keys))) return;
    setPredictions({});
    await runOperation(context, 'Running the prompt', async ({ signal }) => {
      const request = { prompt: text, maxNewTokens: count, ...sampling };
      for (const { key, id } of context.store.getState().rows.filter((row) => keys.includes(row.key))) {
        const prediction = await context.lab.predict(id!, request, { signal });
        setPredictions((current) => ({ ...current, [key]: prediction }));
      }
    });
  };

  return (
    <>
      <div className="row wrap">
        <label className="field grow">
          <span>{task === 'causal-lm' ? 'Prompt' : 'Sentence'}</span>
          <input value={text} onChange={(event) => setPrompt(event.target.value)} />
        </label>
        {task === 'causal-lm' && (
          <>
            <label className="field narrow">
              <span>Tokens</span>
              <input
                type="number"
                min={1}
                max={200}
                value={count}
                onChange={(event) => setCount(Number(event.target.value))}
              />
            </label>
            <SamplingFields value={sampling} onChange={setSampling} />
          </>
        )}
        <button
          type="button"
          className="primary"
          disabled={busy || rows.length === 0}
          onClick={() => void run()}
        >
          Run
        </button>
      </div>
      <div className="columns">
        {rows.map((row) => (
          <Output
            key={row.key}
            row={row}
            prediction={predictions[row.key]}
            reference={referenceOf(rows, predictions)}
          />
        ))}
      </div>
    </>
  );
}

/** Variant against which the others are marked: the base if selected, else the first. */
function referenceOf(
  rows: readonly VariantRow[],
  predictions: Readonly<Record<string, TextPrediction>>,
): TextPrediction | undefined {
  const reference = rows.find(({ key }) => key === BASE_KEY) ?? rows[0];
  return reference && predictions[reference.key];
}

interface OutputProps {
  readonly row: VariantRow;
  readonly prediction?: TextPrediction;
  readonly reference?: TextPrediction;
}

function Output({ row, prediction, reference }: OutputProps) {
  return (
    <article className="output" aria-label={`Output of ${row.name}`}>
      <h3>{row.name}</h3>
      {!prediction && <p className="hint">Not run yet.</p>}
      {prediction?.tokens && <Continuation prediction={prediction} reference={reference} />}
      {prediction?.labels?.map(({ label, probability }) => (
        <div key={label} className="bar-row">
          <span>{label}</span>
          <meter value={probability} min={0} max={1} aria-label={label} />
          <span className="number">{formatPercent(probability)}</span>
        </div>
      ))}
      {prediction?.masks?.map(({ position, candidates }) => (
        <ol key={position} aria-label={`Candidates for the mask at ${position}`}>
          {candidates.map(({ token, probability }) => (
            <li key={token}>
              {token} <small>{formatPercent(probability)}</small>
            </li>
          ))}
        </ol>
      ))}
    </article>
  );
}

function Continuation({ prediction, reference }: { prediction: TextPrediction; reference?: TextPrediction }) {
  const texts = prediction.tokens!.map(({ text }) => text);
  const marked = markDifferences(reference?.tokens?.map(({ text }) => text) ?? texts, texts);
  const differing = marked.filter(({ differs }) => differs).length;
  return (
    <>
      <p className="tokens">
        {marked.map(({ text, differs }, index) =>
          differs ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>,
        )}
      </p>
      <p className="hint">
        {differing === 0 ? 'no token differs' : `${differing} of ${texts.length} tokens differ`}
      </p>
    </>
  );
}

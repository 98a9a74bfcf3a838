import { useState } from 'react';
import type { DataSet, EvaluationRequest, ModelInfo, Task } from '../../lab/protocol/protocol';
import { notify } from '../../store/lab-store';
import { fetchDataSet } from '../../store/shipped-texts';
import { evaluate, measureLatency } from '../../store/variant-actions';
import { useLab, useLabContext } from '../lab-context';
import { NumberField } from '../NumberField';

const OWN_FILE = 'own';

/** What to measure, on which text; measures every variant of the comparison. */
export function MeasurePanel() {
  const model = useLab((state) => state.model);
  const rows = useLab((state) => state.rows);
  const [chosen, setChosen] = useState<Task>();
  if (!model) return null;
  const tasks = [...new Set([model.task, ...rows.flatMap((row) => row.task ?? [])])];
  const task = chosen && tasks.includes(chosen) ? chosen : model.task;
  return (
    <section className="panel" aria-labelledby="measure-title">
      <h2 id="measure-title">Measure</h2>
      {tasks.length > 1 && (
        <label className="field" title="Variants may have other tasks; what does not fit is left out.">
          <span>Figure</span>
          <select value={task} onChange={(event) => setChosen(event.target.value as Task)}>
            {tasks.map((each) => (
              <option key={each} value={each}>
                {MEASURE_NAMES[each].replace('Measure ', '')}
              </option>
            ))}
          </select>
        </label>
      )}
      <QualityForm key={`${model.name} ${task}`} model={model} task={task} />
      <LatencyForm key={`${model.name} latency`} model={model} />
    </section>
  );
}

function QualityForm({ model, task }: { model: ModelInfo; task: Task }) {
  const context = useLabContext();
  const shipped = useLab((state) => state.dataSets);
  const busy = useLab((state) => state.operation !== undefined);
  const kind = task === 'sequence-classification' ? 'labelled' : 'text';
  const choices = shipped.filter(
    (set) => set.use === 'evaluation' && (set.kind === kind || task === 'masked-lm'),
  );
  const [choice, setChoice] = useState('');
  const [own, setOwn] = useState<File>();
  const largestWindow = task === 'masked-lm' ? model.contextLength - 2 : model.contextLength;
  const [window, setWindow] = useState(Math.min(256, largestWindow));
  const [stride, setStride] = useState(Math.min(256, largestWindow));
  const [amount, setAmount] = useState(task === 'causal-lm' ? 4 : 200);
  const chosen = choices.find(({ id }) => id === choice) ?? choices[0];

  const run = async () => {
    try {
      const data = await dataSet(choice === OWN_FILE ? own : undefined, kind, () => fetchDataSet(chosen));
      await evaluate(context, requestFor(task, data, { window, stride, amount }));
    } catch (error) {
      notify(context, 'error', (error as Error).message);
    }
  };

  return (
    <>
      <label className="field">
        <span>Text</span>
        <select value={choice || chosen?.id || ''} onChange={(event) => setChoice(event.target.value)}>
          {choices.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
          <option value={OWN_FILE}>My own file …</option>
        </select>
      </label>
      {choice === OWN_FILE && (
        <label className="field">
          <span>{kind === 'labelled' ? 'Lines of sentence, tab, label' : 'A text file'}</span>
          <input
            type="file"
            accept=".txt,.tsv,.md,text/*"
            onChange={(event) => setOwn(event.target.files?.[0])}
          />
        </label>
      )}
      {task === 'causal-lm' && (
        <div className="row">
          <NumberField label="Window" value={window} min={2} max={largestWindow} onChange={setWindow} />
          <NumberField label="Stride" value={stride} min={1} max={window} onChange={setStride} />
          <NumberField label="Windows" value={amount} min={1} max={100000} onChange={setAmount} />
        </div>
      )}
      {task !== 'causal-lm' && (
        <NumberField
          label={task === 'masked-lm' ? 'Tokens at most' : 'Examples at most'}
          value={amount}
          min={1}
          max={100000}
          onChange={setAmount}
        />
      )}
      <button
        type="button"
        className="primary"
        disabled={busy || (choice === OWN_FILE && !own)}
        onClick={() => void run()}
      >
        {MEASURE_NAMES[task]}
      </button>
    </>
  );
}

const MEASURE_NAMES = {
  'causal-lm': 'Measure perplexity',
  'masked-lm': 'Measure pseudo-perplexity',
  'sequence-classification': 'Measure accuracy',
} as const;

function requestFor(
  task: Task,
  data: DataSet,
  { window, stride, amount }: { window: number; stride: number; amount: number },
): EvaluationRequest {
  if (task === 'sequence-classification') return { kind: 'accuracy', data, maxExamples: amount };
  if (task === 'masked-lm') return { kind: 'pseudo-perplexity', data, window, maxTokens: amount };
  return { kind: 'perplexity', data, window, stride, maxWindows: amount };
}

async function dataSet(
  file: File | undefined,
  kind: DataSet['kind'],
  fetchShipped: () => Promise<DataSet>,
): Promise<DataSet> {
  return file ? { name: file.name, kind, content: await file.text() } : fetchShipped();
}

function LatencyForm({ model }: { model: ModelInfo }) {
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

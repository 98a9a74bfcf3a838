import { useRef } from 'react';
import { importVariant, openDemo } from '../../store/open-actions';
import { formatBytes, formatParameters } from '../format';
import { useLab, useLabContext } from '../lab-context';
import { pickedFiles } from '../layout/dropped-files';
import { takeFiles } from '../layout/take-files';

const TASK_NAMES = {
  'causal-lm': 'language model',
  'masked-lm': 'masked language model',
  'sequence-classification': 'sentence classifier',
} as const;

/** Shows the open model and opens others. */
export function CheckpointPanel() {
  const context = useLabContext();
  const demos = useLab((state) => state.demos);
  const busy = useLab((state) => state.operation !== undefined);
  return (
    <section className="panel" aria-labelledby="checkpoint-title">
      <h2 id="checkpoint-title">Checkpoint</h2>
      <ModelFacts />
      <div className="row wrap">
        <FilePicker
          label="Open folder"
          folder
          onFiles={(files) => void takeFiles(context, pickedFiles(files))}
        />
        <FilePicker label="Open files" onFiles={(files) => void takeFiles(context, pickedFiles(files))} />
        <FilePicker
          label="Add exported variant"
          folder
          onFiles={(files) => void importVariant(context, pickedFiles(files))}
        />
      </div>
      <p className="hint">
        Or drop a Hugging Face folder anywhere: config.json, model.safetensors, tokenizer. GPT-2 and BERT.
        Recipes and texts can be dropped, too.
      </p>
      <label className="field">
        <span>Demo models</span>
        <select
          value=""
          disabled={busy}
          onChange={(event) => {
            const demo = demos.find(({ id }) => id === event.target.value);
            if (demo) void openDemo(context, demo);
          }}
        >
          <option value="">Choose a demo …</option>
          {demos.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

function ModelFacts() {
  const model = useLab((state) => state.model);
  if (!model) return <p className="hint">No model is loaded yet.</p>;
  const facts = [
    `${model.modelType === 'gpt2' ? 'GPT-2' : 'BERT'}, ${TASK_NAMES[model.task]}`,
    `${formatParameters(model)} parameters`,
    `${model.layers} layers, width ${model.width}, ${model.heads} heads`,
    `context ${model.contextLength}, vocabulary ${model.vocabularySize.toLocaleString('en')}`,
    `file ${formatBytes(model.fileBytes)}, on the GPU ${formatBytes(model.gpuBytes)}`,
  ];
  return (
    <div className="facts">
      <b data-testid="model-name">{model.name}</b>
      <p>{facts.join(' · ')}</p>
      {model.ignoredFiles.length > 0 && (
        <details>
          <summary>Files that were not needed: {model.ignoredFiles.length}</summary>
          <p>{model.ignoredFiles.join(', ')}</p>
        </details>
      )}
    </div>
  );
}

interface FilePickerProps {
  readonly label: string;
  readonly folder?: boolean;
  onFiles(files: FileList | null): void;
}

function FilePicker({ label, folder = false, onFiles }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null);
  const busy = useLab((state) => state.operation !== undefined);
  return (
    <>
      <button type="button" disabled={busy} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        // React's types lack webkitdirectory, which makes the picker choose a whole folder.
        {...(folder ? { webkitdirectory: '' } : {})}
        onChange={(event) => {
          onFiles(event.target.files);
          event.target.value = '';
        }}
      />
    </>
  );
}

import { useId } from 'react';
import type { RecipeTargets } from '../../lab/protocol/protocol';
import { changeStep, moveStep, removeStep } from '../../store/recipe-actions';
import { useLab, useLabContext } from '../lab-context';
import { StepFields } from './StepFields';
import { StepTraining } from './StepTraining';
import { useText } from './use-text';
import type { DraftStep } from '../../store/recipe-draft';

interface StepFormProps {
  readonly step: DraftStep;
  readonly index: number;
  readonly last: boolean;
  /** Number of matrices that match the targets; undefined until known. */
  readonly matches?: number;
}

/** Form of one recipe step: its method's parameters and its targets. */
export function StepForm({ step, index, last, matches }: StepFormProps) {
  const context = useLabContext();
  const method = useLab((state) => state.methods.find(({ id }) => id === step.method));
  const setParameter = (name: string, value: unknown) => {
    const parameters = { ...step.parameters };
    if (value === undefined) delete parameters[name];
    else parameters[name] = value;
    changeStep(context, index, { parameters });
  };
  return (
    <li className="step">
      <div className="row">
        <b>
          {index + 1}. {method?.title ?? step.method}
        </b>
        <span className="spacer" />
        <button
          type="button"
          className="quiet"
          aria-label={`Move step ${index + 1} up`}
          disabled={index === 0}
          onClick={() => moveStep(context, index, -1)}
        >
          ↑
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={`Move step ${index + 1} down`}
          disabled={last}
          onClick={() => moveStep(context, index, 1)}
        >
          ↓
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={`Remove step ${index + 1}`}
          onClick={() => removeStep(context, index)}
        >
          ×
        </button>
      </div>
      {method && (
        <p className="hint" title={method.paper}>
          {method.summary}
        </p>
      )}
      {method && (
        <StepFields parameters={method.parameters} values={step.parameters} onChange={setParameter} />
      )}
      {method?.trains && <StepTraining step={step} index={index} />}
      <StepTargets step={step} onChange={(targets) => changeStep(context, index, { targets })} />
      <TargetList
        label="Ignore"
        entries={step.ignore ?? []}
        onChange={(ignore) => changeStep(context, index, { ignore })}
      />
      {matches !== undefined && <p className="hint">{matches} matrices</p>}
    </li>
  );
}

/** Selects targets by name or as a share of the linears by measured sensitivity. */
function StepTargets({ step, onChange }: { step: DraftStep; onChange(targets: RecipeTargets): void }) {
  const { targets } = step;
  const byShare = 'leastSensitive' in targets;
  return (
    <>
      <label className="field">
        <span>Applies to</span>
        <select
          value={byShare ? 'share' : 'names'}
          onChange={(event) =>
            onChange(event.target.value === 'share' ? { leastSensitive: 0.5 } : ['Linear'])
          }
        >
          <option value="names">modules by name</option>
          <option value="share">the least sensitive linears</option>
        </select>
      </label>
      {byShare ? (
        <label className="field" title="The linears with the least divergence in the sensitivity profile.">
          <span>Share of the linears</span>
          <input
            type="number"
            min={0}
            max={1}
            step={0.05}
            value={targets.leastSensitive}
            onChange={(event) => onChange({ leastSensitive: Number(event.target.value) })}
          />
        </label>
      ) : (
        <TargetList label="Targets" entries={targets} onChange={onChange} />
      )}
    </>
  );
}

interface TargetListProps {
  readonly label: string;
  readonly entries: readonly string[];
  onChange(entries: string[]): void;
}

/** Input for targets separated by spaces: class names, module names (with suggestions) or re: expressions. */
function TargetList({ label, entries, onChange }: TargetListProps) {
  const modules = useLab((state) => state.model?.modules);
  const listId = useId();
  const [text, setText] = useText(entries.join(' '), (typed) => splitTargets(typed).join(' '));
  return (
    <label
      className="field"
      title='"Linear" is every linear of the blocks; otherwise module names or re:<expression>.'
    >
      <span>{label}</span>
      <input
        list={listId}
        value={text}
        placeholder={label === 'Targets' ? 'Linear, a module name, or re:.*mlp.*' : 'none'}
        onChange={(event) => {
          setText(event.target.value);
          onChange(splitTargets(event.target.value));
        }}
      />
      <datalist id={listId}>
        <option value="Linear" />
        {modules?.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}

function splitTargets(text: string): string[] {
  return text.split(/\s+/).filter((entry) => entry !== '');
}

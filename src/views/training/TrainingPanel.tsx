import type { TrainingPoint } from '../../lab/protocol/protocol';
import { bestPoint } from '../../lab/report/training-record';
import type { TrainingRun } from '../../store/lab-state';
import { controlTraining } from '../../store/training-actions';
import { secondsLeft } from '../../store/training-curve';
import { formatDuration, formatNumber } from '../format';
import { useLab, useLabContext } from '../lab-context';
import { FinishedRuns } from './FinishedRuns';
import { TrainedVariants } from './TrainedVariants';
import { TrainingChart } from './TrainingChart';
import { UnfinishedRuns } from './UnfinishedRuns';

/** Current or latest training run with its curve, speed and controls; loss curves of variants; and stored runs. */
export function TrainingPanel() {
  const run = useLab((state) => state.training);
  const hasUnfinished = useLab((state) => state.unfinished.length > 0);
  const hasFinished = useLab((state) => state.finished.length > 0);
  const hasTrained = useLab((state) => state.rows.some(({ training }) => training));
  if (!run && !hasTrained && !hasUnfinished && !hasFinished) return null;
  return (
    <section className="card" aria-labelledby="training-title">
      <h2 id="training-title">Training</h2>
      {run && <Run run={run} />}
      <TrainedVariants />
      {hasUnfinished && <UnfinishedRuns />}
      {hasFinished && <FinishedRuns />}
    </section>
  );
}

function Run({ run }: { run: TrainingRun }) {
  const last = run.points.at(-1);
  return (
    <>
      <div className="row wrap">
        <b>{run.name}</b>
        <span className="hint" role="status" aria-label="Training status">
          {STATUS[run.status]}
        </span>
        <span className="spacer" />
        {run.status !== 'ended' && <Controls status={run.status} />}
      </div>
      {run.status !== 'ended' && (
        <p className="hint">
          Measuring, predicting, exporting and opening files wait until training has finished. Meanwhile you can read figures and edit the next recipe.
        </p>
      )}
      {last && <Figures run={run} last={last} />}
      <TrainingChart name={run.name} points={run.points} />
      {run.notes.length > 0 && (
        <ul className="hint" aria-label="Training notes">
          {run.notes.map((note, index) => (
            <li key={index}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

const STATUS: Readonly<Record<TrainingRun['status'], string>> = {
  running: 'running',
  paused: 'paused',
  finishing: 'finishing after this step with the best state so far',
  ended: 'finished',
};

function Controls({ status }: Pick<TrainingRun, 'status'>) {
  const context = useLabContext();
  const cancel = useLab((state) => state.operation?.cancel);
  return (
    <>
      {status === 'paused' ? (
        <button type="button" onClick={() => void controlTraining(context, 'resume')}>
          Resume training
        </button>
      ) : (
        <button
          type="button"
          disabled={status === 'finishing'}
          onClick={() => void controlTraining(context, 'pause')}
        >
          Pause training
        </button>
      )}
      <button
        type="button"
        disabled={status === 'finishing'}
        title="Ends this training with the state of lowest held-out loss; the recipe continues with its next step."
        onClick={() => void controlTraining(context, 'finish')}
      >
        Finish now
      </button>
      <button
        type="button"
        title="Stops the run without making a variant; it can be resumed later if its state was saved."
        onClick={cancel}
      >
        Cancel training
      </button>
    </>
  );
}

function Figures({ run, last }: { run: TrainingRun; last: TrainingPoint }) {
  const best = bestPoint(run.points);
  const measured = run.points.findLast(({ heldOutLoss }) => heldOutLoss !== undefined);
  const trained = run.points.findLast(({ trainingLoss }) => trainingLoss !== undefined);
  const left = run.status === 'ended' ? undefined : secondsLeft(last);
  const figures: readonly (readonly [string, string | undefined])[] = [
    ['Step', `${last.step} of ${last.steps}`],
    ['Training loss', trained && formatNumber(trained.trainingLoss!)],
    ['Held-out loss', measured && formatNumber(measured.heldOutLoss!)],
    ['Best', best && `${formatNumber(best.heldOutLoss!)} at step ${best.step}`],
    ['Learning rate', last.learningRate.toPrecision(3)],
    ['Tokens per second', Math.round(last.tokensPerSecond).toLocaleString('en')],
    ['Time left', left === undefined ? undefined : formatDuration(left)],
  ];
  return (
    <dl className="figures" aria-label="Training figures">
      {figures.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

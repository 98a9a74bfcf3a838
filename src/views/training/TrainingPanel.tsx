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

/** The run that is under way or was last: its curve, its pace and what can be done with it; the curves of variants, and what is kept of runs. */
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
        <span className="hint" role="status" aria-label="State of the training">
          {STATUS[run.status]}
        </span>
        <span className="spacer" />
        {run.status !== 'ended' && <Controls status={run.status} />}
      </div>
      {run.status !== 'ended' && (
        <p className="hint">
          Measuring, outputs, exports and opening files wait until the run is over; meanwhile figures can be looked at and the
          next recipe written.
        </p>
      )}
      {last && <Figures run={run} last={last} />}
      <TrainingChart name={run.name} points={run.points} />
      {run.notes.length > 0 && (
        <ul className="hint" aria-label="Notes of the training">
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
  finishing: 'ends at the next step and keeps the best so far',
  ended: 'over',
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
        title="Ends this training with what it was at the least held-out loss; what the recipe does after it goes on."
        onClick={() => void controlTraining(context, 'finish')}
      >
        Finish now
      </button>
      <button
        type="button"
        title="Breaks the run off without a variant; where its state was kept, it can go on later."
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
    ['Tokens a second', Math.round(last.tokensPerSecond).toLocaleString('en')],
    ['Time left', left === undefined ? undefined : formatDuration(left)],
  ];
  return (
    <dl className="figures" aria-label="Figures of the training">
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

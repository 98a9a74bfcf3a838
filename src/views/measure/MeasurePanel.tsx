import { useLab } from '../lab-context';
import { EvaluationsForm } from './EvaluationsForm';
import { LatencyForm } from './LatencyForm';

/** Panel that measures every variant of the comparison. */
export function MeasurePanel() {
  const model = useLab((state) => state.model);
  if (!model) return null;
  return (
    <section className="panel" aria-labelledby="measure-title">
      <h2 id="measure-title">Measure</h2>
      <EvaluationsForm key={model.name} model={model} />
      <LatencyForm key={`${model.name} latency`} model={model} />
    </section>
  );
}

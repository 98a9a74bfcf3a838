import * as tf from '@tensorflow/tfjs';
import type { LinearObserver, Model } from '../../model/model';
import type { LinearWeight } from '../../weights/linear-weight';
import type { CalibrationBatch, CalibrationSequences } from './calibration';
import { StatisticsGatherer, withoutPadding } from './gather-statistics';
import { type CalibratedMethod, RecipeError } from '../method';
import type { OperationOptions } from '../../progress/progress';

/** Progress counts the targets, with fractions. */
export interface EachBlockOptions extends OperationOptions {
  readonly calibration: CalibrationSequences;
}

/**
 * Compresses linears by their statistics on the calibration sequences, block after block as in GPTQ and SparseGPT:
 * the sequences run through a block, the requested statistics are gathered at its targets, these are compressed, and
 * the sequences run through the block again, so that the next block receives the compressed model's output. The head
 * comes last, and with it a tied embedding.
 *
 * @returns a new model, owned by the caller; `model` does not change
 * @throws RecipeError where a target has no product in the forward pass, or the method refuses a matrix; the signal's
 *   reason when cancelled. No tensor is leaked then
 */
export async function compressEachBlock<Parameters>(
  model: Model,
  method: CalibratedMethod<Parameters>,
  parameters: Parameters,
  targets: readonly string[],
  options: EachBlockOptions,
): Promise<Model> {
  const { batches } = options.calibration;
  const isTarget = new Set(targets);
  const left = new Set(targets);
  let current = model.clone();
  let hidden: tf.Tensor2D[] = [];
  try {
    hidden = batches.map((batch) => current.embed(batch));
    for (let position = 0; position <= current.config.structure.blocks.length; position++) {
      options.signal?.throwIfAborted();
      if (left.size === 0) break;
      const stage = stageAt(current, position);
      const gatherers = new Map<string, StatisticsGatherer>();
      try {
        for (const [index, batch] of batches.entries()) {
          options.signal?.throwIfAborted();
          const observe: LinearObserver = (module, x) => {
            if (!isTarget.has(module)) return;
            const weight = current.linears.get(module)!;
            const gatherer =
              gatherers.get(module) ?? new StatisticsGatherer(method.statistics(parameters), weight);
            gatherers.set(module, gatherer);
            // A classifier's head receives one row of each sequence.
            const isOfTokens = x.shape[0] === batch.batch * batch.length;
            tf.tidy(() => gatherer.add(isOfTokens ? withoutPadding(x, batch) : x));
          };
          stage.run(hidden[index], batch, observe).dispose();
          report(`statistics of ${stage.label}`);
        }
        const replaced = await compressGathered(gatherers);
        const next = current.withLinears(replaced);
        current.dispose();
        current = next;
      } finally {
        for (const gatherer of gatherers.values()) gatherer.dispose();
      }
      if (position < current.config.structure.blocks.length) advance(position);
    }
    if (left.size > 0) throw withoutProduct([...left][0], method.id);
    return current;
  } catch (error) {
    current.dispose();
    throw error;
  } finally {
    tf.dispose(hidden);
  }

  /** @param share of the target that is being compressed */
  function report(label: string, share = 0): void {
    const total = targets.length;
    options.onProgress?.({ label, done: total - left.size + share, total, unit: 'matrices' });
  }

  async function compressGathered(
    gatherers: ReadonlyMap<string, StatisticsGatherer>,
  ): Promise<Map<string, LinearWeight>> {
    const replaced = new Map<string, LinearWeight>();
    try {
      for (const [name, gatherer] of gatherers) {
        options.signal?.throwIfAborted();
        report(name);
        const weight = current.linears.get(name)!;
        const { attentionRoles } = current.layout.matrices.find(({ module }) => module === name)!;
        const target = { name, shape: weight.shape, values: await weight.dense(), weight, attentionRoles };
        const context = {
          signal: options.signal,
          calibration: options.calibration,
          onProgress: (share: number) => report(name, share),
        };
        const statistics = await gatherer.read();
        replaced.set(name, await method.compressCalibrated(target, statistics, parameters, context));
        left.delete(name);
      }
      return replaced;
    } catch (error) {
      for (const weight of replaced.values()) weight.dispose();
      throw error;
    }
  }

  /** Runs the sequences through a compressed block. */
  function advance(position: number): void {
    for (const [index, batch] of batches.entries()) {
      const next = current.runBlock(position, hidden[index], batch);
      hidden[index].dispose();
      hidden[index] = next;
    }
  }
}

/** A block or, after the last one, the head. */
interface Stage {
  readonly label: string;
  run(hidden: tf.Tensor2D, batch: CalibrationBatch, observe: LinearObserver): tf.Tensor2D;
}

function stageAt(model: Model, position: number): Stage {
  const block = model.config.structure.blocks[position];
  if (block) {
    return {
      label: `block ${block.index}`,
      run: (hidden, batch, observe) => model.runBlock(position, hidden, batch, observe),
    };
  }
  return {
    label: 'the head',
    run: (hidden, batch, observe) => tf.tidy(() => model.headOfBatch(model.finish(hidden), batch, observe)),
  };
}

function withoutProduct(name: string, method: string): RecipeError {
  return new RecipeError(
    `${method} finds no activations for ${name}, which is only looked up and never multiplied in this model; remove it from the targets.`,
  );
}

import { z } from 'zod';
import type { ModelConfig } from '../../model/model';
import {
  trainingParameters,
  type TrainingParameters,
  type TrainingSettings,
  DEFAULT_LENGTH,
} from '../../train/training-settings';
import { RecipeError } from '../method';

/** Selects the settings of a run from a method's parameters, which include others. */
const settingsSchema = z.object(trainingParameters());

/**
 * Settings of the run that the parameters describe.
 * @param method its id, for messages
 * @throws RecipeError where sequences exceed the model's context, or a batch has fewer sequences than parts
 */
export function trainingSettings(
  method: string,
  parameters: TrainingParameters,
  { contextLength }: Pick<ModelConfig, 'contextLength'>,
): TrainingSettings {
  const { accumulation, batchSize, stopAfter } = parameters;
  const { sequenceLength = Math.min(DEFAULT_LENGTH, contextLength) } = parameters;
  if (sequenceLength > contextLength) {
    throw new RecipeError(
      `${method} cannot train on sequences of ${sequenceLength} tokens: this model has ${contextLength} positions; use a "sequenceLength" of at most ${contextLength}.`,
    );
  }
  if (accumulation > batchSize) {
    throw new RecipeError(
      `${method} cannot run a batch of ${batchSize} in ${accumulation} parts; use an "accumulation" of at most ${batchSize}.`,
    );
  }
  // The hash of a run includes all of its settings, also an undefined `stopAfter`.
  return { ...settingsSchema.parse(parameters), stopAfter, sequenceLength };
}

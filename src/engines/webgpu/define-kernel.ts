import * as tf from '@tensorflow/tfjs';
import { allocateTensor } from './allocate';
import { internalsOf } from './backend-internals';
import { countGpu } from './counters';
import { currentGpu } from './device';
import { gpuBufferOf } from './gpu-buffer';
import { type CompiledKernel, compileKernel } from './pipelines';
import { activeRecording } from './recording';
import type { TensorOf } from './shapes';
import { type ScalarType, UniformBlock } from './uniforms';

/** WGSL type of a storage buffer, such as `array<vec4f>`. */
export type BufferType = `array<${string}>`;

/** Storage buffers by name, in the order of their bindings; one that is `undefined` is not there. */
export type Buffers = Readonly<Record<string, BufferType | undefined>>;

/** Members of the uniform block by name, in order. */
export type Scalars = Readonly<Record<string, ScalarType>>;

/** No uniforms. */
export type NoScalars = Readonly<Record<never, ScalarType>>;

/**
 * What a kernel is made of. The header of its WGSL is written from the names: constants, one binding for each buffer, and
 * the block `uniforms`, so that the body reads `x[index]`, `uniforms.rows` and `THREADS`.
 *
 * Bodies are put together in one way. What is the same in all variants of a kernel is WGSL in a file of its own, imported
 * with `?raw`; a number or flag that varies is one of the `constants`; text that varies is written by a function of a
 * template literal. The body is the list of these texts: WGSL lets declarations stand in any order.
 */
export interface KernelDefinition<
  Inputs extends Buffers,
  Outputs extends Buffers,
  Uniforms extends Scalars = NoScalars,
> {
  /** Shown in error messages and profiles. */
  readonly name: string;
  /** Buffers that are read. */
  readonly inputs: Inputs;
  /** Buffers that are written; a new tensor is int32 where the elements are integers, else float32. */
  readonly outputs: Outputs;
  readonly uniforms?: Uniforms;
  /** Become `const NAME = value;`: a whole number fits wherever a u32, an i32 or an f32 is asked for. */
  readonly constants?: Readonly<Record<string, number | boolean>>;
  /** Extensions of WGSL, such as `subgroups`. */
  readonly enable?: readonly string[];
  /** WGSL that defines `main`, with all functions that it needs. */
  readonly body: string | readonly string[];
}

/** A kernel's tensors: each buffer that is always there, and those that may be. */
export type TensorsFor<Inputs extends Buffers> = {
  readonly [Name in keyof Inputs]: undefined extends Inputs[Name] ? tf.Tensor | undefined : tf.Tensor;
};

/** The shape of a new output, or the tensor that is written in place. */
export type OutputTarget = readonly number[] | tf.Tensor;

/** The output that a target becomes. */
export type OutputOf<Target> = Target extends tf.Tensor
  ? Target
  : Target extends readonly number[]
    ? TensorOf<Target>
    : never;

/** The outputs of a launch, each of the rank of its target. */
export type OutputsOf<Targets> = { readonly [Name in keyof Targets]: OutputOf<Targets[Name]> };

/** Targets of all outputs. */
export type Targets<Outputs extends Buffers> = { readonly [Name in keyof Outputs]: OutputTarget };

/** One launch of a kernel. */
export type Launch<Inputs extends Buffers, Given, Uniforms extends Scalars> = {
  readonly inputs: TensorsFor<Inputs>;
  readonly outputs: Given;
  /** Number of workgroups in x, y, z. */
  readonly workgroups: readonly [number, number?, number?];
} & (keyof Uniforms extends never
  ? { readonly uniforms?: undefined }
  : { readonly uniforms: { readonly [Name in keyof Uniforms]: number } });

export interface Kernel<
  Inputs extends Buffers,
  Outputs extends Buffers,
  Uniforms extends Scalars = NoScalars,
> {
  readonly name: string;
  /** The whole WGSL. */
  readonly code: string;
  /**
   * Encodes one dispatch into tfjs's current command buffer, in order with tfjs's own ops, and returns the outputs by name.
   * The caller (or the surrounding `tf.tidy`) owns those that are new.
   *
   * @throws Error if a dispatch dimension or a new output exceeds the device's limit, or an input is missing
   */
  run<const Given extends Targets<Outputs>>(launch: Launch<Inputs, Given, Uniforms>): OutputsOf<Given>;
}

/**
 * Makes a kernel of its definition.
 *
 * Lathe launches its own pipelines rather than `backend.runWebGPUProgram`: that one writes its declarations before the
 * user's text, so `enable subgroups;` cannot come first, allows one output only, and builds a cache key of strings at each
 * call.
 */
export function defineKernel<
  Inputs extends Buffers,
  Outputs extends Buffers,
  Uniforms extends Scalars = NoScalars,
>(definition: KernelDefinition<Inputs, Outputs, Uniforms>): Kernel<Inputs, Outputs, Uniforms> {
  const { name } = definition;
  const inputs = buffersOf(definition.inputs);
  const outputs = buffersOf(definition.outputs);
  const scalars = definition.uniforms ?? {};
  const block = Object.keys(scalars).length > 0 ? new UniformBlock(scalars) : undefined;
  const code = codeOf(definition);
  const bindings: GPUBufferBindingType[] = [
    ...inputs.map(() => 'read-only-storage' as const),
    ...outputs.map(() => 'storage' as const),
    ...(block ? (['uniform'] as const) : []),
  ];
  const pipelines = new WeakMap<GPUDevice, CompiledKernel>();
  const pipelineOn = (device: GPUDevice): CompiledKernel => {
    let compiled = pipelines.get(device);
    if (!compiled) pipelines.set(device, (compiled = compileKernel(device, name, code, bindings)));
    return compiled;
  };

  const run = (launch: {
    inputs: Readonly<Record<string, tf.Tensor | undefined>>;
    outputs: Readonly<Record<string, OutputTarget>>;
    uniforms?: Readonly<Record<string, number>>;
    workgroups: readonly [number, number?, number?];
  }): Record<string, tf.Tensor> => {
    const { device } = currentGpu();
    const tensors: tf.Tensor[] = inputs.map((input) => {
      const tensor = launch.inputs[input.name];
      if (!tensor) throw new Error(`Kernel ${name} was launched without its input "${input.name}".`);
      return tensor;
    });
    const made: Record<string, tf.Tensor> = {};
    for (const output of outputs) {
      const target = launch.outputs[output.name];
      const tensor = target instanceof tf.Tensor ? target : allocateTensor(target, output.dtype);
      made[output.name] = tensor;
      tensors.push(tensor);
    }
    const [x, y = 1, z = 1] = launch.workgroups;
    if (x === 0 || y === 0 || z === 0) return made;
    const limit = device.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit) {
      throw new Error(
        `Kernel ${name} asks for ${x}×${y}×${z} workgroups; this device allows ${limit} a dimension.`,
      );
    }
    const uniforms = block && launch.uniforms && block.bufferOf(device, launch.uniforms);
    dispatch(pipelineOn(device), tensors, uniforms, [x, y, z]);
    return made;
  };
  // Names and ranks are the launch's own, which the body of a generic function cannot show.
  return { name, code, run: run as Kernel<Inputs, Outputs, Uniforms>['run'] };
}

function dispatch(
  { pipeline, layout }: CompiledKernel,
  tensors: readonly tf.Tensor[],
  uniforms: GPUBuffer | undefined,
  workgroups: readonly [number, number, number],
): void {
  const { device, backend } = currentGpu();
  const internals = internalsOf(backend);
  const entries: GPUBindGroupEntry[] = tensors.map((tensor, binding) => ({
    binding,
    resource: { buffer: gpuBufferOf(tensor) },
  }));
  if (uniforms) entries.push({ binding: entries.length, resource: { buffer: uniforms } });
  const bindGroup = device.createBindGroup({ layout, entries });
  for (const tensor of tensors) internals.commandQueueOwnedIds.add(tensor.dataId);
  internals.ensureCommandEncoderReady();
  internals.computePassEncoder ??= internals.commandEncoder!.beginComputePass();
  const pass = internals.computePassEncoder;
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
  internals.dispatchCountInPass++;
  countGpu('dispatches');
  activeRecording()?.add({ pipeline, bindGroup, workgroups }, tensors);
  if (internals.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    internals.endComputePassEncoder();
    internals.submitQueue();
    countGpu('submissions');
  }
}

interface BufferSlot {
  readonly name: string;
  readonly type: BufferType;
  readonly dtype: 'float32' | 'int32';
}

function buffersOf(buffers: Buffers): BufferSlot[] {
  return Object.entries(buffers).flatMap(([name, type]) =>
    type ? [{ name, type, dtype: dtypeOf(type) }] : [],
  );
}

function dtypeOf(type: BufferType): BufferSlot['dtype'] {
  return /[iu]32|vec\d[iu]/.test(type) ? 'int32' : 'float32';
}

/** Directives, constants, bindings (inputs, outputs, then the uniform block, all in group 0) and the body. */
function codeOf(definition: KernelDefinition<Buffers, Buffers, Scalars>): string {
  const { enable = [], constants = {}, uniforms = {}, body } = definition;
  const variables = [
    ...buffersOf(definition.inputs).map(({ name, type }) => `var<storage, read> ${name}: ${type};`),
    ...buffersOf(definition.outputs).map(({ name, type }) => `var<storage, read_write> ${name}: ${type};`),
  ];
  const members = Object.entries(uniforms).map(([name, type]) => `  ${name}: ${type},`);
  if (members.length > 0) variables.push('var<uniform> uniforms: Uniforms;');
  return [
    ...enable.map((extension) => `enable ${extension};`),
    ...Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`),
    ...variables.map((variable, binding) => `@group(0) @binding(${binding}) ${variable}`),
    ...(members.length > 0 ? ['struct Uniforms {', ...members, '}'] : []),
    ...(typeof body === 'string' ? [body] : body),
  ].join('\n');
}

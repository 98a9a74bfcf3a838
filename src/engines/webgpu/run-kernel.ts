import * as tf from '@tensorflow/tfjs';
import { allocateTensor } from './allocate';
import { type BackendInternals, internalsOf } from './backend-internals';
import { countGpu } from './counters';
import { currentGpu } from './device';
import { activeRecording } from './recording';
import { type Uniform, uniformBuffer } from './uniforms';

export { float, int, type Uniform } from './uniforms';

/**
 * A kernel is data: WGSL text, compile-time constants and a label.
 *
 * Binding convention, all in group 0: the inputs in order from binding 0 as `var<storage, read>`, then the outputs as
 * `var<storage, read_write>`, and last, where there are uniforms, one `var<uniform>` struct of 4-byte scalars.
 * The entry point is `main`.
 */
export interface Kernel {
  /** Shown in error messages and profiles: the file's stem. */
  readonly name: string;
  /** WGSL text, as imported with `?raw`. */
  readonly source: string;
  /** Become `const NAME = value;` lines before the source: integers as i32-compatible literals, booleans as such. */
  readonly constants?: Readonly<Record<string, number | boolean>>;
  /** `enable` directives that must come first, such as `subgroups`. */
  readonly enable?: readonly string[];
}

/** A new output tensor, or a tensor that is there and is written in place. */
export type KernelOutput = { readonly shape: number[]; readonly dtype: 'float32' | 'int32' } | tf.Tensor;

export interface Dispatch {
  readonly inputs: readonly tf.Tensor[];
  readonly outputs: readonly KernelOutput[];
  /** In the order of the struct's members. */
  readonly uniforms?: readonly Uniform[];
  /** Number of workgroups in x, y, z. */
  readonly workgroups: readonly [number, number?, number?];
}

interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Pipelines by full source text and binding counts, so that a stale pipeline is not possible. */
const pipelines = new WeakMap<GPUDevice, Map<string, CompiledKernel>>();
/** The same by kernel object, for those that are made once: no text is put together for a launch. */
const pipelinesOfKernels = new WeakMap<GPUDevice, WeakMap<Kernel, Map<number, CompiledKernel>>>();

/**
 * Encodes one dispatch into tfjs's current command buffer, in order with tfjs's own ops, and returns the outputs.
 * The caller (or the surrounding `tf.tidy`) owns the new outputs.
 *
 * Lathe launches its own pipelines rather than `backend.runWebGPUProgram`: that one writes its declarations
 * before the user's text, so `enable subgroups;` cannot come first, allows one output only, and builds a cache key of
 * strings at each call.
 *
 * @throws Error if a dispatch dimension or a new output exceeds the device's limit. A shader that does not compile is
 *   reported through the device's `uncapturederror` with its name, line and text (see `reportCompilation`).
 */
export function runKernel(kernel: Kernel, dispatch: Dispatch): tf.Tensor[] {
  const gpu = currentGpu();
  const internals = internalsOf(gpu.backend);
  const outputs = dispatch.outputs.map((output) =>
    output instanceof tf.Tensor ? output : allocateTensor(output.shape, output.dtype),
  );
  const [x, y = 1, z = 1] = dispatch.workgroups;
  if (x === 0 || y === 0 || z === 0) return outputs;
  const limit = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  if (x > limit || y > limit || z > limit) {
    throw new Error(
      `Kernel ${kernel.name} asks for ${x}×${y}×${z} workgroups; this device allows ${limit} a dimension.`,
    );
  }
  const tensors = [...dispatch.inputs, ...outputs];
  const entries: GPUBindGroupEntry[] = tensors.map((tensor, binding) => ({
    binding,
    resource: { buffer: bufferOf(internals, tensor) },
  }));
  if (dispatch.uniforms?.length) {
    entries.push({
      binding: entries.length,
      resource: { buffer: uniformBuffer(gpu.device, dispatch.uniforms) },
    });
  }
  const compiled = compile(
    gpu.device,
    kernel,
    dispatch.inputs.length,
    outputs.length,
    Boolean(dispatch.uniforms?.length),
  );
  const bindGroup = gpu.device.createBindGroup({ layout: compiled.layout, entries });
  for (const tensor of tensors) internals.commandQueueOwnedIds.add(tensor.dataId);
  internals.ensureCommandEncoderReady();
  internals.computePassEncoder ??= internals.commandEncoder!.beginComputePass();
  const pass = internals.computePassEncoder;
  pass.setPipeline(compiled.pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(x, y, z);
  internals.dispatchCountInPass++;
  countGpu('dispatches');
  activeRecording()?.add({ pipeline: compiled.pipeline, bindGroup, workgroups: [x, y, z] }, tensors);
  if (internals.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    internals.endComputePassEncoder();
    internals.submitQueue();
    countGpu('submissions');
  }
  return outputs;
}

function bufferOf(internals: BackendInternals, tensor: tf.Tensor): GPUBuffer {
  internals.uploadToGPU(tensor.dataId);
  const { resource } = internals.tensorMap.get(tensor.dataId);
  if (!resource) throw new Error('A kernel was given a tensor without data on the GPU.');
  return resource;
}

function compile(
  device: GPUDevice,
  kernel: Kernel,
  inputs: number,
  outputs: number,
  hasUniforms: boolean,
): CompiledKernel {
  let kernels = pipelinesOfKernels.get(device);
  if (!kernels) pipelinesOfKernels.set(device, (kernels = new WeakMap()));
  let layouts = kernels.get(kernel);
  if (!layouts) kernels.set(kernel, (layouts = new Map()));
  const layoutKey = inputs * 64 + outputs * 2 + Number(hasUniforms);
  let compiled = layouts.get(layoutKey);
  if (!compiled)
    layouts.set(layoutKey, (compiled = compileText(device, kernel, inputs, outputs, hasUniforms)));
  return compiled;
}

function compileText(
  device: GPUDevice,
  kernel: Kernel,
  inputs: number,
  outputs: number,
  hasUniforms: boolean,
): CompiledKernel {
  const code = sourceOf(kernel);
  const key = `${inputs},${outputs},${hasUniforms}\n${code}`;
  let cache = pipelines.get(device);
  if (!cache) pipelines.set(device, (cache = new Map()));
  const cached = cache.get(key);
  if (cached) return cached;
  const types: GPUBufferBindingType[] = [
    ...Array<GPUBufferBindingType>(inputs).fill('read-only-storage'),
    ...Array<GPUBufferBindingType>(outputs).fill('storage'),
    ...(hasUniforms ? (['uniform'] as const) : []),
  ];
  const layout = device.createBindGroupLayout({
    entries: types.map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
  const module = device.createShaderModule({ label: kernel.name, code });
  void reportCompilation(kernel.name, module, code);
  const pipeline = device.createComputePipeline({
    label: kernel.name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  const compiled = { pipeline, layout };
  cache.set(key, compiled);
  return compiled;
}

function sourceOf(kernel: Kernel): string {
  const enables = (kernel.enable ?? []).map((extension) => `enable ${extension};`);
  const constants = Object.entries(kernel.constants ?? {}).map(
    ([name, value]) => `const ${name} = ${value};`,
  );
  return [...enables, ...constants, kernel.source].join('\n');
}

async function reportCompilation(name: string, module: GPUShaderModule, code: string): Promise<void> {
  const { messages } = await module.getCompilationInfo();
  for (const message of messages) {
    if (message.type !== 'error') continue;
    const line = code.split('\n')[message.lineNum - 1]?.trim() ?? '';
    console.error(`Kernel ${name}, line ${message.lineNum}: ${message.message}\n  ${line}`);
  }
}

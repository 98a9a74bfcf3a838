/** Pipeline with the layout of its bind groups. */
export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Pipelines by full source text, including the bindings, so that none can be stale. */
const pipelines = new WeakMap<GPUDevice, Map<string, CompiledKernel>>();

/**
 * Pipeline of a kernel's text, compiled once per device. Compilation errors are reported through the device's
 * `uncapturederror` and on the console, with the kernel's name and the line.
 * @param bindings types of the buffers of group 0, from binding 0 on
 */
export function compileKernel(
  device: GPUDevice,
  name: string,
  code: string,
  bindings: readonly GPUBufferBindingType[],
): CompiledKernel {
  let compiled = pipelines.get(device);
  if (!compiled) pipelines.set(device, (compiled = new Map()));
  const found = compiled.get(code);
  if (found) return found;
  const layout = device.createBindGroupLayout({
    entries: bindings.map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
  const module = device.createShaderModule({ label: name, code });
  void reportCompilation(name, module, code);
  const pipeline = device.createComputePipeline({
    label: name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  const made = { pipeline, layout };
  compiled.set(code, made);
  return made;
}

async function reportCompilation(name: string, module: GPUShaderModule, code: string): Promise<void> {
  const { messages } = await module.getCompilationInfo();
  for (const message of messages) {
    if (message.type !== 'error') continue;
    const line = code.split('\n')[message.lineNum - 1]?.trim() ?? '';
    console.error(`Kernel ${name}, line ${message.lineNum}: ${message.message}\n  ${line}`);
  }
}

/**
 * Records the WebAssembly memories of this page's scripts, which are not part of the JS heap: onnxruntime holds a
 * model there while it loads. Must be called before the first one is created.
 *
 * @returns a function that returns their bytes; a memory never shrinks, so this is also their maximum
 */
export function watchWebAssembly(): () => number {
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(target, args, newTarget) {
      const memory = Reflect.construct(target, args, newTarget) as WebAssembly.Memory;
      memories.push(memory);
      return memory;
    },
  });
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

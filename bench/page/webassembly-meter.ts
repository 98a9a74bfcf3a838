/**
 * Watches the memories that scripts of this page make for WebAssembly, which are not part of the JS heap: onnxruntime keeps a
 * model there while it loads. Must be called before the first one is made.
 *
 * @returns what gives their bytes; a memory never shrinks, so that this is also their greatest size
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

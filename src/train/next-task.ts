/** Lets the event loop go round once: messages to a worker, a page's clicks, the GPU's answers. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

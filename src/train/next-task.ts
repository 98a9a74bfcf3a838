/** Resolves in the next task, after pending worker messages, clicks and GPU callbacks. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

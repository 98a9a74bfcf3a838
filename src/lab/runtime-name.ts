/** Name and version of the browser or of Node in one short line. */
export function runtimeName(): string {
  if (typeof process !== 'undefined' && process.versions?.node) return `Node ${process.versions.node}`;
  const agent = navigator.userAgent;
  const known = [/Edg\/([\d.]+)/, /Firefox\/([\d.]+)/, /Chrome\/([\d.]+)/, /Version\/([\d.]+).*Safari/];
  const names = ['Edge', 'Firefox', 'Chrome', 'Safari'];
  for (const [index, pattern] of known.entries()) {
    const version = pattern.exec(agent)?.[1];
    if (version) return `${names[index]} ${version}`;
  }
  return agent;
}

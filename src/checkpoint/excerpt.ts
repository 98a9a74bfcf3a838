/** Greatest number of characters of a file's content in a message; a hostile file may hold names of megabytes. */
const MAX_EXCERPT = 80;

/** Value of a file as JSON, shortened for a message. */
export function excerpt(value: unknown): string {
  let json: string;
  try {
    json = JSON.stringify(value) ?? 'nothing';
  } catch {
    return 'a value nested too deeply to show';
  }
  return json.length > MAX_EXCERPT ? `${json.slice(0, MAX_EXCERPT)}…` : json;
}

/** Tensor name, shortened for a message. */
export function shortName(name: string): string {
  return name.length > MAX_EXCERPT ? `${name.slice(0, MAX_EXCERPT)}…` : name;
}

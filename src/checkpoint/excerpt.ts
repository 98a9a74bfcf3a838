/** Characters of a file's content that a message repeats; a hostile file may hold a name or a list of megabytes. */
const MAX_EXCERPT = 80;

/** A value of a file as JSON, short enough for a message. */
export function excerpt(value: unknown): string {
  let json: string;
  try {
    json = JSON.stringify(value) ?? 'nothing';
  } catch {
    return 'a value nested too deeply to show';
  }
  return json.length > MAX_EXCERPT ? `${json.slice(0, MAX_EXCERPT)}…` : json;
}

/** A tensor's name, short enough for a message. */
export function shortName(name: string): string {
  return name.length > MAX_EXCERPT ? `${name.slice(0, MAX_EXCERPT)}…` : name;
}

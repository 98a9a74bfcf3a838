/**
 * First duplicate key of a JSON object, not searching its values. JSON.parse silently keeps the last of such entries, so that
 * readers may disagree about the content.
 *
 * @param json object that JSON.parse has accepted
 */
export function duplicateKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let expectsKey = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character === '"') {
      const end = endOfString(json, index);
      if (expectsKey) {
        const key: string = JSON.parse(json.slice(index, end + 1));
        if (seen.has(key)) return key;
        seen.add(key);
        expectsKey = false;
      }
      index = end;
    } else if (character === '{' || character === '[') {
      depth++;
      expectsKey = depth === 1;
    } else if (character === '}' || character === ']') {
      depth--;
    } else if (character === ',') {
      expectsKey = depth === 1;
    }
  }
  return undefined;
}

/** Index of the closing quotation mark of the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (json[index] !== '"') index += json[index] === '\\' ? 2 : 1;
  return index;
}

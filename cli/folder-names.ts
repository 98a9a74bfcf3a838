/**
 * A folder name for each variant: its own name with whatever a file system or a shell may dislike replaced, numbered where
 * two come out alike. Never empty, never a way out of the folder they go to.
 */
export function folderNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = name.replace(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'variant';
    let unique = plain;
    for (let count = 2; taken.has(unique.toLowerCase()); count++) unique = `${plain}-${count}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}

const HEAD = [
  'format',
  'as stored',
  'entropy',
  'rANS',
  'Huffman',
  'gzip −9',
  'zstd −19',
  'file, coded',
  'decoding',
];

/** Markdown: bits per weight in each format, and the bytes of its file. */
export function tableOf(forms) {
  const rows = forms.map(({ name, bits, fileBytes, codedFileBytes, milliseconds }) => [
    name,
    ...[bits.stored, bits.entropy, bits.rans, bits.huffman, bits.gzip, bits.zstd].map(inBits),
    `${inBytes(fileBytes)} → ${inBytes(codedFileBytes)}`,
    `${milliseconds.rans.toFixed(0)} ms rANS, ${milliseconds.huffman.toFixed(0)} Huffman, ${milliseconds.gzip.toFixed(0)} gzip`,
  ]);
  const rule = HEAD.map((_, column) => (column === 0 || column === HEAD.length - 1 ? '---' : '---:'));
  return [HEAD, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function inBits(bits) {
  return bits === undefined ? '–' : bits.toFixed(3);
}

function inBytes(bytes) {
  return bytes.toLocaleString('en-US');
}

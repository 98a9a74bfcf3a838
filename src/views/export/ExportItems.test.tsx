import { DropdownMenu } from 'radix-ui';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { ExportDescription } from '../../lab/protocol/protocol';
import { ExportItems } from './ExportItems';

test('the menu lists every export and explains why one cannot represent the variant', () => {
  const exports: ExportDescription[] = [
    { id: 'lathe', title: 'Compressed', summary: 'Weights as they are.', canHold: true },
    { id: 'toy', title: 'A toy', summary: 'Holds names.', canHold: 'A toy holds one layer; truncate first.' },
  ];
  const markup = renderToStaticMarkup(
    <DropdownMenu.Root open>
      <DropdownMenu.Content forceMount>
        <ExportItems exports={exports} onChoose={() => undefined} />
      </DropdownMenu.Content>
    </DropdownMenu.Root>,
  );
  const items = markup.match(/<div[^>]*role="menuitem".*?<\/div>/g);
  expect(items).toHaveLength(2);
  expect(items![0]).toMatch(/Compressed<small>Weights as they are\.<\/small>/);
  expect(items![0]).not.toContain('aria-disabled');
  expect(items![1]).toMatch(
    /aria-disabled="true".*A toy<small>A toy holds one layer; truncate first\.<\/small>/,
  );
});

import { DropdownMenu } from 'radix-ui';
import type { ExportDescription } from '../../lab/protocol/protocol';

/** Menu items for all exports; one that cannot hold the variant says why instead of what it is. */
export function ExportItems({
  exports,
  onChoose,
}: {
  exports: readonly ExportDescription[];
  onChoose: (exportId: string) => void;
}) {
  return exports.map(({ id, title, summary, canHold }) => (
    <DropdownMenu.Item key={id} disabled={canHold !== true} onSelect={() => onChoose(id)}>
      {title}
      <small>{canHold === true ? summary : canHold}</small>
    </DropdownMenu.Item>
  ));
}

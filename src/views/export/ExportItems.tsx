import { DropdownMenu } from 'radix-ui';
import type { ExportDescription } from '../../lab/protocol/protocol';

/**
 * Menu items for all exports; an export that cannot represent the variant shows the reason instead of its description.
 */
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

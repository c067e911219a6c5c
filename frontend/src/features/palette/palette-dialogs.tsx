/** The command palette's and the shortcut sheet's windows, loaded when one is first opened. */
import { Command } from 'cmdk';
import { Dialog } from '@/components/dialog';
import { useSession } from '@/stream/context';
import type { Binding } from '@/features/palette/keys';
import type { PageLink } from '@/features/palette/palette';

function Sheet({ list }: { list: Binding[] }) {
  const groups = [...new Set(list.map((binding) => binding.group))];
  return (
    <div className="grid gap-6 sm:grid-cols-2">
      {groups.map((group) => (
        <section key={group}>
          <h3 className="mb-2 text-xs font-semibold tracking-wide text-dim uppercase">{group}</h3>
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1.5 text-sm">
            {list.filter((binding) => binding.group === group && binding.shown !== '').map((binding) => (
              <div key={binding.keys} className="contents">
                <dt><kbd className="kbd">{binding.shown}</kbd></dt>
                <dd>{binding.label}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

export interface PaletteDialogsProps {
  list: Binding[];
  links: PageLink[];
  open: boolean;
  setOpen: (open: boolean) => void;
  sheet: boolean;
  setSheet: (open: boolean) => void;
}

export function PaletteDialogs({ list, links, open, setOpen, sheet, setSheet }: PaletteDialogsProps) {
  const session = useSession();
  const choose = (work: () => void) => (): void => {
    setOpen(false);
    work();
  };
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title="Commands">
        <Command label="Commands" loop>
          <Command.Input className="input mb-2" placeholder="Symbol, action, page …" autoFocus />
          <Command.List className="palette-list">
            <Command.Empty className="p-3 text-dim">Nothing by that name.</Command.Empty>
            <Command.Group heading="Symbols">
              {[...session.market.instruments.values()].map((instrument) => (
                <Command.Item key={instrument.symbol} value={`${instrument.symbol} ${instrument.name}`} onSelect={choose(() => session.desk.getState().select(instrument.symbol))}>
                  <strong>{instrument.symbol}</strong> <span className="text-dim">{instrument.name}</span>
                </Command.Item>
              ))}
            </Command.Group>
            <Command.Group heading="Actions">
              {list.filter((binding) => binding.shown !== '' && binding.armed !== true && binding.label !== 'Command palette' && binding.label !== 'Find a symbol').map((binding) => (
                <Command.Item key={binding.keys} onSelect={choose(binding.run)}>
                  <span className="flex-1">{binding.label}</span>
                  <kbd className="kbd">{binding.shown}</kbd>
                </Command.Item>
              ))}
            </Command.Group>
            <Command.Group heading="Pages">
              {links.map((link) => (
                <Command.Item key={link.label} onSelect={choose(link.go)}>{link.label}</Command.Item>
              ))}
            </Command.Group>
          </Command.List>
        </Command>
      </Dialog>
      <Dialog open={sheet} close={() => setSheet(false)} title="Keyboard" describe="Trading keys work only while the desk is armed." wide>
        <Sheet list={list} />
      </Dialog>
    </>
  );
}

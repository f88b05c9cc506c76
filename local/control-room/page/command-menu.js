/** The bot's menu of commands, as Telegram's apps offer it: behind "/", by the keyboard or by a tap. */
import { h, setAttr } from './dom.js';

const TYPED = /^\/(\w*)$/;

/**
 * @param box the field in which is written
 * @param load () => Promise of [{command, description}]
 * @param send (text) => what is done with a chosen command
 */
export function commandMenu(box, load, send) {
  const list = h('ul', {
    class: 'command-menu',
    id: 'command-menu',
    role: 'listbox',
    'aria-label': 'Commands',
    hidden: true,
  });
  // A field of several lines may not be a combobox: it is a text box that has suggestions.
  for (const [name, value] of Object.entries({
    'aria-controls': list.id,
    'aria-haspopup': 'listbox',
    'aria-autocomplete': 'list',
  }))
    box.setAttribute(name, value);
  let offered = [];
  let at = -1;
  /** Looks overtake each other: the last one counts. */
  let looks = 0;

  function mark(next) {
    at = next;
    for (const [index, node] of [...list.children].entries()) setAttr(node, 'aria-selected', index === at);
    const marked = list.children[at];
    if (marked) {
      box.setAttribute('aria-activedescendant', marked.id);
      marked.scrollIntoView({ block: 'nearest' });
    } else box.removeAttribute('aria-activedescendant');
  }

  function show(commands) {
    offered = commands;
    list.replaceChildren(
      ...commands.map(({ command, description }, index) => {
        const node = h(
          'li',
          { role: 'option', id: `command-${index}` },
          h('strong', {}, `/${command}`),
          ` ${description}`,
        );
        // Before the field loses the focus.
        node.addEventListener('pointerdown', (event) => event.preventDefault());
        node.addEventListener('click', () => choose(index));
        return node;
      }),
    );
    list.hidden = commands.length === 0;
    mark(commands.length > 0 ? 0 : -1);
  }

  function choose(index) {
    const { command } = offered[index];
    hide();
    send(`/${command}`);
  }

  function hide() {
    looks += 1;
    show([]);
  }

  async function look() {
    const [, typed] = TYPED.exec(box.value) ?? [];
    if (typed === undefined) return hide();
    const mine = ++looks;
    const all = await load();
    if (mine === looks) show(all.filter(({ command }) => command.startsWith(typed)));
  }

  return {
    node: list,
    look,
    hide,
    /** Takes a key where it is the menu's. */
    takes({ key }) {
      if (list.hidden) return false;
      if (key === 'ArrowDown') mark((at + 1) % offered.length);
      else if (key === 'ArrowUp') mark((at + offered.length - 1) % offered.length);
      else if (key === 'Escape') hide();
      else if (key === 'Tab') {
        box.value = `/${offered[at].command} `;
        hide();
      } else if (key === 'Enter') choose(at);
      else return false;
      return true;
    },
  };
}

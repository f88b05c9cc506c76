/** Parts of a document that a command writes, between two marks that say which. */

const END = '<!-- end -->';
const begin = (command: string): string => `<!-- begin: ${command} -->`;

/**
 * The document with what stands between the marks replaced.
 * @param command that writes it, as its mark names it
 * @throws {Error} when the document has no such place
 */
export function between(document: string, command: string, text: string): string {
  const mark = begin(command);
  const from = document.indexOf(mark);
  const to = document.indexOf(END, from);
  if (from === -1 || to === -1) throw new Error(`no place for it: wanted "${mark}" and "${END}"`);
  return `${document.slice(0, from + mark.length)}\n\n${text}\n\n${document.slice(to)}`;
}

/**
 * Whether a dynamic resource in the state was written by other code than today's.
 *
 * Its code is kept with it, as text, and is what refresh and delete run. Where nothing else changes, a repaired method
 * would never reach a stack that stands: so other code is a change. Every `update` here may run again without harm.
 */
export function codeChanged(olds: object, news: object): boolean {
  const code = (values: object): unknown => (values as { __provider?: unknown }).__provider;
  // Unknown in some previews, and absent where a provider is called directly: no sign of a change.
  return typeof code(olds) === 'string' && typeof code(news) === 'string' && code(olds) !== code(news);
}

/** What may be asked for: an address of a website, written out. */

/** Characters; what is longer is no link that a person sends. */
const LONGEST = 2_000;

/**
 * Undefined where it is none: another scheme, a name and a password in it, no host. Without its fragment, which is not
 * sent anyway; what stands for the same is written the same.
 */
export function linkOf(text: string): URL | undefined {
  if (text.length > LONGEST || !/^https?:\/\//i.test(text)) return undefined;
  const url = URL.parse(text);
  if (!url || url.username !== '' || url.password !== '' || url.hostname === '') return undefined;
  url.hash = '';
  return url;
}

/** The name of a file as its address has it, fit for any disk and any chat. */
export function nameOf(url: URL, disposition?: string): string {
  const last = url.pathname.split('/').at(-1) ?? '';
  return fileName(namedIn(disposition) ?? decoded(last));
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** RFC 6266, as far as servers keep to it. */
function namedIn(disposition = ''): string | undefined {
  const [, encoded] = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(disposition) ?? [];
  if (encoded !== undefined) return decoded(encoded.trim());
  const [, quoted, plain] = /filename\s*=\s*(?:"([^"]*)"|([^;\s]+))/i.exec(disposition) ?? [];
  return quoted ?? plain;
}

/** Letters, digits and a few signs; its ending is kept. Never empty, never a path. */
export function fileName(text: string): string {
  const clean = text
    .toWellFormed()
    .replaceAll(/[^\p{L}\p{N}._ ()+-]/gu, '_')
    .replaceAll(/^[. ]+|[. ]+$/g, '');
  if (clean === '') return 'file';
  const [, ending = ''] = /(\.[A-Za-z0-9]{1,8})$/.exec(clean) ?? [];
  return [...clean.slice(0, clean.length - ending.length)].slice(0, 60).join('') + ending;
}

const KINDS = {
  video: /^(mp4|m4v|mov|webm|mkv)$/,
  audio: /^(mp3|m4a|ogg|opus|oga|flac|wav|aac)$/,
} as const;

export type FileKind = keyof typeof KINDS | 'file';

/** How Telegram shows a file, by its ending. */
export function kindOf(name: string): FileKind {
  const [, ending = ''] = /\.([a-z0-9]+)$/i.exec(name) ?? [];
  const found = Object.entries(KINDS).find(([, endings]) => endings.test(ending.toLowerCase()));
  return (found?.[0] as FileKind | undefined) ?? 'file';
}

/** Server-sent events (text/event-stream), as far as providers use them to stream an answer. */

/**
 * The data of each event, as it comes. Lines that are comments keep the connection awake and are nothing else; names and
 * ids of events are not used by anybody who is asked here. Lines end with LF or CRLF.
 */
export async function* eventData(body: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  // Kept over pieces: a character may come in two of them.
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const ended of lines) {
      const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
      if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      else if (line === '' && data.length > 0) {
        yield data.join('\n');
        data = [];
      }
    }
  }
}

/** The stream of events: a snapshot, then changes; comes back by itself when it breaks. */

/** Without a word for this long the connection is taken for dead; the server speaks at least every 5 s. */
const SILENCE_MS = 12_000;
const AGAIN_MS = 1_500;
const EVENTS = [
  'snapshot',
  'change',
  'sample',
  'room',
  'message',
  'deleted',
  'typing',
  'draft',
  'callback-answer',
  'log',
  'heartbeat',
];

/**
 * Follows /events. `handlers` has a function for each event, and `link(alive)`, which is told when the connection is
 * lost and when it is back.
 */
export function follow(handlers) {
  let source;
  let heard = Date.now();
  let again;

  function lost() {
    handlers.link(false);
    // A browser gives up for good on an answer that is not an event stream; then a new source has to be made.
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(again);
      again = setTimeout(open, AGAIN_MS);
    }
  }

  function open() {
    source?.close();
    heard = Date.now();
    source = new EventSource('/events');
    source.addEventListener('error', lost);
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        heard = Date.now();
        if (name === 'snapshot') handlers.link(true);
        handlers[name]?.(JSON.parse(event.data));
      });
    }
  }

  open();
  setInterval(() => {
    if (Date.now() - heard < SILENCE_MS) return;
    handlers.link(false);
    open();
  }, 2_000);
}

/** Sends a command. @throws {Error} with the server's one line */
export async function post(path, body = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error('The control room does not answer. Is npm start still running?');
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

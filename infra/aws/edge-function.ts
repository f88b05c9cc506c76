/** The function that CloudFront runs on each request, as text: CloudFront has a JavaScript of its own. */
import { WAYS_IN } from '../../contract/paths.ts';
import { TELEGRAM_RANGES } from './telegram-ranges.ts';

export interface EdgeFunctionArgs {
  /** Take the webhook path only from Telegram's ranges. */
  telegramOnly: boolean;
}

interface Range {
  first: number;
  last: number;
}

const toNumber = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

function bounds(range: string): Range {
  const [address = '', length = ''] = range.split('/');
  const first = toNumber(address);
  return { first, last: first + 2 ** (32 - Number(length)) - 1 };
}

/**
 * Code of the viewer-request function. It answers 404 to what is none of the ways in, 403 to a viewer on TLS below 1.2
 * (CloudFront's own certificate allows older versions), and 403 to a webhook from elsewhere than declared.
 */
export function edgeFunction({ telegramOnly }: EdgeFunctionArgs): string {
  const ways = WAYS_IN.map(({ method, path, ofTelegram = false }) => [`${method} ${path}`, ofTelegram]);
  return `var ways = ${JSON.stringify(Object.fromEntries(ways))};
var ranges = ${JSON.stringify(telegramOnly ? TELEGRAM_RANGES.map(bounds) : [])};

function answer(status, description) {
  return { statusCode: status, statusDescription: description };
}

function declared(ip) {
  if (ranges.length === 0) return true;
  var octets = ip.split('.');
  if (octets.length !== 4) return false;
  var address = octets.reduce(function (sum, octet) { return sum * 256 + Number(octet); }, 0);
  return ranges.some(function (range) { return address >= range.first && address <= range.last; });
}

function handler(event) {
  var request = event.request;
  var asked = request.method + ' ' + request.uri;
  var way = asked;
  Object.keys(ways).forEach(function (known) {
    var start = known.slice(0, -1);
    if (known.slice(-1) === '*' && asked.length > start.length && asked.slice(0, start.length) === start) way = known;
  });
  if (!Object.prototype.hasOwnProperty.call(ways, way)) return answer(404, 'Not Found');
  var tls = request.headers['cloudfront-viewer-tls'];
  if (tls && !/^TLSv1\\.[23]:/.test(tls.value)) return answer(403, 'Forbidden');
  if (ways[way] && !declared(event.viewer.ip)) return answer(403, 'Forbidden');
  return request;
}
`;
}

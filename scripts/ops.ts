/** `npm run ops -- VERB`: a person asks a running bot, or decides about what it could not do by itself. */
import { main } from './ops/main.ts';

process.exitCode = await main(process.argv.slice(2));

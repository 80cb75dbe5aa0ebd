// tus-js-client in Node: node send.mjs '{"endpoint": …}'; prints one line of JSON.
import { createReadStream } from 'node:fs';

import { Upload } from 'tus-js-client';

import { send } from './sending.mjs';

const job = JSON.parse(process.argv[2]);
const answer = await send(Upload, createReadStream(job.path), job);
console.log(JSON.stringify(answer));
process.exit(answer.error ? 1 : 0);

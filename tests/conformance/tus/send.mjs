// tus-js-client as anybody would use it from Node: node send.mjs '{"endpoint": …}'; prints one line of JSON.
import { createReadStream } from 'node:fs';

import { Upload } from 'tus-js-client';

const job = JSON.parse(process.argv[2]);
const requests = [];

const options = {
  endpoint: job.endpoint,
  headers: { Authorization: `Bearer ${job.token}` },
  metadata: { filename: job.filename, lecture: job.lecture },
  retryDelays: [0, 200, 1000],
  onBeforeRequest: (request) => requests.push(request.getMethod()),
  ...job.options,
};

const upload = new Upload(createReadStream(job.path), {
  ...options,
  onError: (error) => {
    console.log(JSON.stringify({ error: String(error), requests }));
    process.exit(1);
  },
  onSuccess: () => console.log(JSON.stringify({ url: upload.url, requests })),
  onChunkComplete: (_size, accepted) => {
    if (!job.stopAt || accepted < job.stopAt) return;
    upload.abort(job.terminate === true).then(() => {
      console.log(JSON.stringify({ url: upload.url, accepted, requests }));
      process.exit(0);
    });
  },
});
upload.start();

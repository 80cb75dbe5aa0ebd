// tus-js-client as anybody would use it, the same in Node and in a browser: `send` one input as a job says.

/** Returns a promise of how it ended: { url, accepted, requests, trace } and perhaps { stopped } or { error, status }. */
export async function send(Upload, input, job) {
  const trace = [];
  const found = { accepted: 0, trace };
  let end;
  const ended = new Promise((resolve) => { end = resolve; });
  const upload = new Upload(input, {
    endpoint: job.endpoint,
    headers: job.headers,
    metadata: { filename: job.filename, lecture: job.lecture },
    retryDelays: [0, 200, 1000, 2000, 4000],
    ...job.options,
    onBeforeRequest: async (request) => {
      trace.push({ method: request.getMethod(), offset: request.getHeader('Upload-Offset') });
      if (job.checksums && request.getMethod() === 'PATCH') {
        request.setHeader('Upload-Checksum', await checksum(input, request, job));
      }
    },
    onAfterResponse: (request, response) => {
      const last = trace.findLast((each) => each.method === request.getMethod() && !each.status);
      Object.assign(last, { status: response.getStatus(), told: response.getHeader('Upload-Offset') });
    },
    onError: (error) => end({ error: String(error), status: error.originalResponse?.getStatus() }),
    onSuccess: () => end({}),
    onChunkComplete: (_size, accepted) => {
      found.accepted = accepted;
      if (!job.stopAt || accepted < job.stopAt || found.stopped) return;
      found.stopped = true;
      upload.abort(job.terminate === true).then(() => (job.goesOn ? upload.start() : end({})));
    },
  });
  if (job.previous) {
    const previous = await upload.findPreviousUploads();
    found.previous = previous.length;
    if (previous.length) upload.resumeFromPreviousUpload(previous[0]);
  }
  upload.start();
  const how = await ended;
  return { ...found, ...how, url: upload.url, requests: trace.map((each) => each.method) };
}

/** The client computes none itself; whoever wants them adds the header. `checksums`: what each piece is to get. */
async function checksum(input, request, job) {
  const begin = Number(request.getHeader('Upload-Offset'));
  const piece = await input.slice(begin, begin + job.options.chunkSize).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', piece));
  if (job.checksums.shift() === 'wrong') digest[0] ^= 1;
  return `sha256 ${btoa(String.fromCharCode(...digest))}`;
}

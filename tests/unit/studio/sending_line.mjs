// The page's own scripts sending files to a small tus door of this process, on a clock that is moved by hand.
// `node sending_line.mjs NAME` plays one scenario and prints what happened as JSON; test_sending_line.py reads it.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { mock } from 'node:test';

const SCRIPTS = new URL('../../../app/studio/static/studio/js/', import.meta.url);
const asked = []; // [method, last part of the address, offset or ''] of every request, in order
const uploads = new Map();
const known = new Map(); // sha256 to the title of the lecture that has it
let number = 0;

function answerUpload(request, response, body) {
  const id = request.url.split('/').pop();
  const upload = uploads.get(id);
  const headers = { 'Tus-Resumable': '1.0.0' };
  if (request.method === 'POST') {
    number += 1;
    uploads.set(`new${number}`, { size: Number(request.headers['upload-length']), offset: 0 });
    response.writeHead(201, { ...headers, Location: `/uploads/new${number}` });
  } else if (request.method === 'HEAD') {
    response.writeHead(200, { ...headers, 'Upload-Offset': upload.offset, 'Upload-Length': upload.size });
  } else {
    upload.offset += body.length;
    response.writeHead(204, { ...headers, 'Upload-Offset': upload.offset });
  }
  response.end();
}

function answerKnown(request, response) {
  const query = new URL(request.url, 'http://here').searchParams;
  const title = known.get(query.get('sha256'));
  const found = title ? { filename: 'a.mp4', lecture: title, date: '6月3日' } : null;
  const told = query.has('size') ? { is_possible: known.size > 0 } : { found, page_url: '/' };
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(told));
}

const server = createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const path = new URL(request.url, 'http://here').pathname;
    asked.push([request.method, path.split('/').pop(), request.headers['upload-offset'] || '']);
    if (path.startsWith('/uploads')) answerUpload(request, response, Buffer.concat(pieces));
    else answerKnown(request, response);
  });
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const base = `http://127.0.0.1:${server.address().port}`;

/** What of a browser the scripts touch. */
function stage(habits, moment) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: new Date(moment) });
  const block = { uploads_url: `${base}/uploads`, known_url: `${base}/known/LECTURE`, csrf_token: 'c', max_bytes: 1e9, unfinished: null };
  globalThis.document = { getElementById: () => ({ textContent: JSON.stringify(block) }) };
  globalThis.window = { crypto: null, localStorage: { getItem: () => JSON.stringify(habits) } };
  globalThis.Worker = class {
    postMessage(file) {
      const sha256 = createHash('sha256').update(file).digest('hex');
      setImmediate(() => this.onmessage({ data: { sha256 } }));
    }

    terminate() {}
  };
}

const fileOf = (name, size) => Object.assign(Buffer.alloc(size, name), { name, size, lastModified: 1 });
const rowOf = (id) => ({ id, state: { has_file: false, unfinished: null } });
const turn = () => new Promise(setImmediate);
const until = async (isSo) => {
  while (!isSo()) await turn();
};
/** Long enough for anything that is on its way to arrive; what must not come has nothing to wait for. */
const rest = async () => {
  for (let count = 0; count < 200; count += 1) await turn();
};
const count = (method) => asked.filter(([each]) => each === method).length;
const isAt = (row, state) => Boolean(row.local) && row.local.state === state;

async function begin(habits, moment) {
  stage(habits, moment);
  const { makeLine } = await import(new URL('desk/sending.js', SCRIPTS));
  return makeLine(() => {});
}

const NOON = '2026-11-23T12:00:00';
const FREE = { isNightOnly: false, capBytes: 0 };

const SCENARIOS = {
  /** 5000 bytes are there; paused before the first request, then resumed. */
  async paused_at_once() {
    const line = await begin(FREE, NOON);
    const [row, file] = [rowOf('L'), fileOf('a.mp4', 9000)];
    uploads.set('there', { size: 9000, offset: 5000 });
    row.state.unfinished = { url: `${base}/uploads/there`, fingerprint: 'a.mp4|9000|1', is_in_pieces: false };
    line.add([{ row, file }]);
    line.pause();
    await rest();
    const before = asked.length;
    line.resume();
    await until(() => isAt(row, 'sent'));
    return { before, asked };
  },
  /** The second file's piece waits for its share of the line when everything is paused. */
  async paused_while_waiting_for_the_cap() {
    const line = await begin({ isNightOnly: false, capBytes: 10 }, NOON);
    const rows = [rowOf('L'), rowOf('M')];
    line.add(rows.map((row) => ({ row, file: fileOf(`${row.id}.mp4`, 3000) })));
    await until(() => rows.some((row) => isAt(row, 'sent')) && count('POST') === 2);
    await rest();
    line.pause();
    mock.timers.tick(600000);
    await rest();
    const whilePaused = count('PATCH');
    line.resume();
    await until(() => rows.every((row) => isAt(row, 'sent')));
    return { whilePaused, atLast: count('PATCH') };
  },
  /** Twenty seconds before ten in the evening; then ten. */
  async at_night_only() {
    const line = await begin({ isNightOnly: true, capBytes: 0 }, '2026-11-23T21:59:45');
    const row = rowOf('L');
    line.add([{ row, file: fileOf('a.mp4', 3000) }]);
    await until(() => isAt(row, 'night'));
    await rest();
    const byDay = count('PATCH');
    mock.timers.tick(20000);
    await until(() => isAt(row, 'sent'));
    return { byDay, atNight: count('PATCH') };
  },
  /** The tick is taken away at noon: nobody waits for the clock to be looked at again. */
  async no_longer_at_night_only() {
    const line = await begin({ isNightOnly: true, capBytes: 0 }, NOON);
    const row = rowOf('L');
    line.add([{ row, file: fileOf('a.mp4', 3000) }]);
    await until(() => isAt(row, 'night'));
    line.follow(FREE);
    await until(() => isAt(row, 'sent'));
    return { patches: count('PATCH') };
  },
  /** Pieces of two files, each of half a second's worth: when each goes, in seconds. */
  async capped() {
    stage(FREE, NOON);
    const { makePace } = await import(new URL('habits.js', SCRIPTS));
    let nowMs = 0;
    const hand = { clock: () => new Date(nowMs), sleep: (ms) => { nowMs += ms; } };
    const paces = [0, 1].map(() => makePace(() => ({ isNightOnly: false, capBytes: 1000 }), () => {}, hand));
    const times = [];
    for (let piece = 0; piece < 6; piece += 1) {
      await paces[piece % 2].turn(500);
      times.push(nowMs / 1000);
    }
    return { times };
  },
  /** Two of three files are here already: one is taken, the other sent all the same; the third waits for neither. */
  async known_files() {
    const line = await begin(FREE, NOON);
    const rows = [rowOf('L'), rowOf('M'), rowOf('N')];
    const files = rows.map((row) => fileOf(`${row.id}.mp4`, 3000));
    for (const file of files.slice(0, 2)) known.set(createHash('sha256').update(file).digest('hex'), '八段锦');
    line.add(rows.map((row, place) => ({ row, file: files[place] })));
    await until(() => isAt(rows[0], 'known') && isAt(rows[1], 'known') && isAt(rows[2], 'sent'));
    const found = rows[0].local.found.lecture;
    const unasked = count('PATCH');
    line.answer(rows[0], true);
    line.answer(rows[1], false);
    await until(() => rows.every((row) => isAt(row, 'sent')));
    const taken = asked.filter(([method, address]) => method === 'POST' && address === 'L').length;
    return { found, unasked, taken, patches: count('PATCH') };
  },
};

const told = await SCENARIOS[process.argv[2]]();
process.stdout.write(JSON.stringify(told), () => process.exit(0));

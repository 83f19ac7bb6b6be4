// One cell of the table in teardown.test.ts: brings the addon to a stage, then ends in a way.
//   node teardown-child.cjs ADDON COPY_OF_ADDON LIBRARY STAGE END
// Workers have ADDON to themselves, so that it would be unloaded with them; the main thread watches through the copy.
// Plain JavaScript of Node 16: the table runs on old versions, too.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const [addonPath, watcherPath, libraryPath, stage, end] = isMainThread ? process.argv.slice(2) : workerData;
const request = (word) => Buffer.from(word);

// Synchronous: nothing is delivered while it lasts.
function standStill(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

async function report(library) {
  return JSON.parse((await library.call(request('report'))).toString());
}

async function open(path) {
  const library = new (require(path).NativeLibrary)(libraryPath);
  await library.load();
  return library;
}

const settled = { count: 0 };
function watch(promise) {
  const note = () => settled.count++;
  promise.then(note, note);
}

// What is held on to, so that only 'collected' is collected.
const held = [];

// Each stage says how many calls are under way at its end, and how many of those are blocked.
const stages = {
  loaded: () => {
    require(addonPath);
    return { calls: 0, blocked: 0 };
  },
  loading: () => {
    const library = new (require(addonPath).NativeLibrary)(libraryPath);
    held.push(library);
    watch(library.load());
    return { calls: 1, blocked: 0 };
  },
  opened: async () => {
    held.push(await open(addonPath));
    return { calls: 0, blocked: 0 };
  },
  queued: async () => {
    const library = await open(addonPath);
    held.push(library);
    for (let i = 0; i < 8; i++) watch(library.call(request(`call ${i}`)));
    return { calls: 8, blocked: 0 };
  },
  blocked: async () => {
    const library = await open(addonPath);
    held.push(library);
    for (let i = 0; i < 3; i++) watch(library.call(request('block')));
    while ((await report(library)).blocked < 3);
    return { calls: 3, blocked: 3 };
  },
  returned: async () => {
    const library = await open(addonPath);
    held.push(library);
    for (let i = 0; i < 8; i++) watch(library.call(request(`call ${i}`)));
    standStill(50);
    return { calls: 8, blocked: 0 };
  },
  closed: async () => {
    const library = await open(addonPath);
    await library.call(request('call'));
    library.close();
    return { calls: 0, blocked: 0 };
  },
  'closed in flight': async () => {
    const library = await open(addonPath);
    for (let i = 0; i < 3; i++) watch(library.call(request('block')));
    while ((await report(library)).blocked < 3);
    library.close();
    return { calls: 3, blocked: 3 };
  },
  collected: async () => {
    const library = await open(addonPath);
    for (let i = 0; i < 3; i++) watch(library.call(request('block')));
    while ((await report(library)).blocked < 3);
    await new Promise((resolve) => setImmediate(resolve));
    return { calls: 3, blocked: 3 };
  },
};

async function reach() {
  const reached = await stages[stage]();
  if (stage === 'collected') {
    await new Promise((resolve) => setImmediate(resolve));
    global.gc();
  }
  return reached;
}

// Ends of the whole process while a main thread uses the addon.
const mainEnds = {
  'process.exit': async () => {
    await reach();
    process.exit(42);
  },
  'an uncaught exception': async () => {
    await reach();
    setImmediate(() => {
      throw new Error('uncaught on purpose');
    });
  },
  'a natural exit': async () => {
    const { calls, blocked } = await reach();
    // A call in flight keeps the process alive, so it must be settled when the process ends by itself.
    process.on('exit', () => {
      process.exitCode = settled.count === calls ? 42 : 43;
    });
    if (blocked > 0)
      watch(
        open(addonPath)
          .then((library) => library.call(request('unblock')))
          .finally(() => settled.count--),
      );
  },
};

// Ends of a worker that uses the addon, told to the worker by its main thread; with the exit code that the worker then has.
const workerEnds = {
  'worker.terminate()': { inside: () => {}, code: 1 },
  'process.exit in a worker': { inside: () => process.exit(5), code: 5 },
  'an uncaught exception in a worker': {
    inside: () => {
      throw new Error('uncaught on purpose');
    },
    code: 1,
  },
  'the natural exit of a worker': { inside: () => parentPort.close(), code: 0 },
};

async function endWorker() {
  // The vendor's library is the same one: it shows what the worker leaves behind.
  const library = await open(watcherPath);
  const worker = new Worker(__filename, { workerData: process.argv.slice(2) });
  worker.on('error', (error) => {
    if (error.message !== 'uncaught on purpose') throw error;
  });
  const exit = new Promise((resolve) => worker.once('exit', resolve));
  const { blocked } = await new Promise((resolve) => worker.once('message', resolve));
  if (end === 'worker.terminate()') await worker.terminate();
  else worker.postMessage('end');
  if (end === 'the natural exit of a worker' && blocked > 0) {
    // Its calls keep it alive: it may end only after they have.
    await library.call(request('unblock'));
  }
  const code = await exit;
  if (code !== workerEnds[end].code) throw new Error(`the worker ended with ${code}`);

  await library.call(request('unblock'));
  for (;;) {
    const { outstanding, blocked: stillBlocked } = await report(library);
    if (outstanding === 0 && stillBlocked === 0) break;
    standStill(1);
  }
  process.exitCode = 42;
}

if (!isMainThread) {
  parentPort.once('message', workerEnds[end].inside);
  void reach().then((reached) => {
    parentPort.postMessage(reached);
    if (stage === 'returned') standStill(50);
  });
} else if (end in mainEnds) {
  void mainEnds[end]();
} else {
  void endWorker();
}

// Reads wxpay-face.json, the file that `wxpay-face simulate --write-config` writes and `wxpay-face doctor` checks.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** @returns options of openTill */
export function readConfig(file) {
  const config = JSON.parse(readFileSync(file, 'utf8'));
  const path = (name) => resolve(dirname(file), name);
  const { appid, mch_id, key, endpoints, certificate, ca, library, journal, pipe, terminal } = config;
  // The simulator's stub library finds the simulated service by it. The vendor's own library needs no such thing.
  if (pipe) process.env.WXPAY_FACE_PIPE = pipe;
  return {
    face: { library: path(library) },
    merchant: {
      appid,
      mch_id,
      key,
      ...(endpoints && { endpoints }),
      ...(ca && { ca: readFileSync(path(ca)) }),
      // Without the merchant's certificate nothing can be reversed.
      certificate: { cert: readFileSync(path(certificate.cert)), key: readFileSync(path(certificate.key)) },
    },
    journal: path(journal),
    terminal,
  };
}

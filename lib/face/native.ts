import { loadAddon, type NativeLibrary } from '../addon.js';
import { missingResponses, ServiceCallError, ServiceResponseError } from './errors.js';
import { explainLoadFailure, type LoadFailure } from './load-failure.js';
import type { Call, Connection, Transport } from './transport.js';

/** The addon's errors carry what the vendor's function, or the system, said. */
interface AddonError extends Error {
  returnValue?: unknown;
  code?: unknown;
  systemCode?: unknown;
  systemMessage?: unknown;
  missingSymbol?: unknown;
}
const isAddonError = (error: unknown): error is AddonError => error instanceof Error;

function loadFailure(error: unknown): LoadFailure {
  if (!isAddonError(error)) return { message: String(error) };
  const { systemCode, systemMessage, missingSymbol } = error;
  return {
    message: typeof systemMessage === 'string' ? systemMessage : error.message,
    ...(typeof systemCode === 'number' || typeof systemCode === 'string' ? { systemCode } : {}),
    ...(typeof missingSymbol === 'string' ? { missingSymbol } : {}),
  };
}

function callError(cmd: string, error: unknown): unknown {
  if (!isAddonError(error)) return error;
  if (typeof error.returnValue === 'number') return new ServiceCallError(cmd, error.returnValue);
  const missing = missingResponses.find(({ code }) => code === error.code);
  return missing === undefined ? error : new ServiceResponseError(cmd, missing.problem);
}

/**
 * Loads the vendor's library into this process.
 * @throws LibraryLoadError
 */
export function openInProcess(path: string): Transport {
  const addon = loadAddon();
  let library: NativeLibrary;
  try {
    library = addon.open(path);
  } catch (error) {
    throw explainLoadFailure(path, loadFailure(error));
  }
  const connection: Connection = {
    async call({ cmd, request }: Call) {
      try {
        return await library.call(request);
      } catch (error) {
        throw callError(cmd, error);
      }
    },
  };
  return {
    connect: async () => connection,
    close: async () => library.close(),
  };
}

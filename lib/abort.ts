/** Begins what nothing can end, and waits for it, but not beyond an abort: then throws the signal's reason. */
export async function unlessAborted<Result>(
  begin: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return begin();
  if (signal.aborted) throw signal.reason;
  let giveUp = () => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

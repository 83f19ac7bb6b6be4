/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error(`expected a rejection, but it resolved with ${JSON.stringify(value)}`);
}

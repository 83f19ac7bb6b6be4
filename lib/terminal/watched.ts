/** How a call of a method ended. */
export type End = { readonly answer: unknown } | { readonly error: unknown };

/** The same object, whose methods of these names report how they ended, before their caller hears it. */
export function watched<Part extends object>(
  part: Part,
  names: ReadonlySet<string>,
  hear: (name: string, end: End, given: readonly unknown[]) => void,
): Part {
  // What is behind it may be frozen, which a proxy of its own would have to show.
  return new Proxy(Object.create(part), {
    get(_, name) {
      const value: unknown = Reflect.get(part, name, part);
      if (typeof value !== 'function') return value;
      if (typeof name !== 'string' || !names.has(name)) return value.bind(part);
      return async (...given: unknown[]): Promise<unknown> => {
        try {
          const answer: unknown = await Reflect.apply(value, part, given);
          hear(name, { answer }, given);
          return answer;
        } catch (error) {
          hear(name, { error }, given);
          throw error;
        }
      };
    },
  });
}

/* How many states each model has. A model that shrinks sees less; "npm run model" tells the numbers. */

export const states: Readonly<Record<string, number>> = {};

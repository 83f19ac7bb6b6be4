import type { Saying } from '../../words/cli/index.js';
import { type Config, readConfig } from '../config.js';
import { sayingOf } from '../errors.js';
import { fail, ok, type Patient, type Verdict, warn } from './verdict.js';

export function checkConfig(_: object, { config: file }: Patient): Verdict<Config> {
  try {
    const config = readConfig(file);
    const { source, warnings } = config;
    if (warnings.length === 0) return ok((words) => words.doctor.is(source(words)), config);
    const all =
      (part: 'says' | 'todo'): Saying =>
      (words) =>
        words.doctor.all(warnings.map((warning) => warning[part](words)));
    return warn(all('says'), all('todo'), config);
  } catch (error) {
    return fail(sayingOf(error), ({ doctor }) => doctor.correctConfig);
  }
}

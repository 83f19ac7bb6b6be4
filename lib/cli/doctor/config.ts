import { type Config, readConfig } from '../config.js';
import { fail, messageOf, ok, type Patient, type Verdict, warn } from './verdict.js';

export function checkConfig(_: object, { config: file }: Patient): Verdict<Config> {
  try {
    const config = readConfig(file);
    const { source, warnings } = config;
    if (warnings.length === 0) return ok(source, config);
    return warn(warnings.map(({ says }) => says).join('; '), warnings.map(({ todo }) => todo).join('; '), config);
  } catch (error) {
    return fail(messageOf(error), 'correct the configuration file; docs list its fields');
  }
}

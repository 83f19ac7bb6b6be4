import { expect } from 'chai';
import { FaceService, HostProcessError, WxpayFaceError } from 'wxpay-face';
import { libraryArchs, testLibraryFor } from '../support/native.js';
import { skip } from '../support/skip.js';

const windows = process.platform === 'win32';
const host = 'host-process';

/** What a library may do in a call (test/addon/libraries/faulty.c), here and on Windows. */
const everywhere = [
  ...['crash', 'abort', 'exit', 'exit_zero', 'exit_quickly', 'exit_that_hangs', 'kill_itself', 'terminate_signal'],
  ...['divide', 'illegal_instruction', 'overflow_stack', 'write_to_code', 'write_to_request', 'throw_across'],
  ...['free_wildly', 'free_twice', 'overrun_heap', 'wild_response', 'short_response', 'unload_itself'],
  ...['hang', 'spin', 'end_thread', 'thread_lives_on', 'crash_later', 'exit_later'],
  ...['release_crashes', 'release_hangs', 'release_exits'],
  ...['close_descriptors', 'close_standard_streams', 'read_input', 'change_folder', 'change_locale', 'take_signals'],
  ...['refuse', 'refuse_lowest', 'null_empty', 'null_sized', 'empty', 'too_long', 'absurd'],
  ...['invalid_utf8', 'raw_surrogate', 'escaped_surrogate', 'not_json', 'array', 'without_code'],
];
const onLinux = [
  ...['stop_itself', 'set_alarm', 'block_signals', 'change_umask', 'allow_no_files', 'leave_its_session'],
  ...['fork_and_return', 'become_another_program'],
];
const onWindows = ['free_console', 'show_crashes'];

for (const arch of libraryArchs)
  describe(`A till of ${process.arch} survives a library for ${arch} in its host process that does`, () => {
    async function open(context: Mocha.Context, name: string): Promise<FaceService> {
      const library = testLibraryFor(arch, name);
      if (library === undefined) return skip(context, `test libraries for ${arch} have not been built here`);
      return FaceService.open({ library, host, callTimeout: 1000 });
    }

    /** Some attacks come a moment after their answer: the calls that they cost are rejected, too. */
    async function answered(face: FaceService): Promise<unknown> {
      for (let attempt = 1; ; attempt++) {
        try {
          return (await face.call('report')).return_code;
        } catch (error) {
          if (!(error instanceof HostProcessError) || attempt === 3) throw error;
        }
      }
    }

    for (const attack of [...everywhere, ...(windows ? onWindows : onLinux)])
      it(attack, async function () {
        const face = await open(this, 'faulty');
        try {
          const outcome = await face.call(attack, { return_code: 'SUCCESS' }).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).to.be.instanceOf(WxpayFaceError);
          else expect(outcome).to.have.property('return_code', 'SUCCESS');
          if (attack.endsWith('_later')) await new Promise((resolve) => setTimeout(resolve, 200));
          expect(await answered(face)).to.equal('SUCCESS');
        } finally {
          await face.close({ timeout: 5000 });
        }
      });

    for (const library of ['crash_on_load', 'exit_on_load'])
      it(library, async function () {
        const outcome = await open(this, library).catch((error: unknown) => error);
        // The loader of Windows turns a crash in there into an error.
        expect(outcome).to.be.instanceOf(windows ? WxpayFaceError : HostProcessError);
      });
  });

import { getSystemErrorName } from 'node:util';
import { LibraryLoadError } from '../addon.js';

/** What the system said when it couldn't load a library. */
export interface LoadFailure {
  readonly message: string;
  readonly systemCode?: number | string;
  readonly missingSymbol?: string;
}

interface Explanation {
  /** Windows: GetLastError. Elsewhere: errno's name, which there is only if the file itself can't be read. */
  readonly systemCodes?: ReadonlyArray<number | string>;
  /** Elsewhere: dlopen's words, which have no number. */
  readonly words?: RegExp;
  readonly problem: string;
  readonly advice: string;
}

// winerror.h, and glibc's elf/dl-load.c
const explanations: readonly Explanation[] = [
  {
    systemCodes: ['ENOENT', 'ENOTDIR'],
    problem: 'it is not there any more',
    advice: 'put the whole folder of the vendor there again',
  },
  {
    systemCodes: [126],
    words: /cannot open shared object file/,
    problem: 'the file is there, but a library that it depends on is missing',
    advice: 'put the whole folder of the vendor there, with all its libraries, and not the one file alone',
  },
  {
    systemCodes: [127],
    words: /undefined symbol|version `[^']*' not found/,
    problem: 'a library that it depends on lacks a function that it needs',
    advice: 'put the whole folder of the vendor there, with all its libraries of the same version',
  },
  {
    systemCodes: [193],
    words: /invalid ELF header|file too short|wrong ELF class|only ET_DYN|cannot dynamically load/,
    problem: 'it is no library that this platform can load',
    advice: 'copy it from the vendor again; it may have been damaged on its way',
  },
  {
    systemCodes: [5, 'EACCES', 'EPERM'],
    words: /Permission denied|Operation not permitted/,
    problem: 'the system denies access',
    advice: 'let the user of this program read and execute it, and ask the antivirus program why it does not',
  },
  {
    systemCodes: [1114, 998],
    problem: 'its own start-up code failed',
    advice: 'start the WxpayFaceService program once, or install it anew',
  },
  {
    systemCodes: [225],
    problem: 'an antivirus program blocks it',
    advice: 'allow the file there',
  },
  {
    words: /failed to map segment/,
    problem: 'its folder does not allow programs to run from it (mounted noexec)',
    advice: 'move it elsewhere',
  },
];

// Over the frames of a host process only dlsym's words arrive.
const entryPoint = /undefined symbol: (wxpayCallFaceService|wxpayReleaseResponse)$/;

// dlopen has no number for what went wrong: Node.js's name for it.
const withoutNumber = 'ERR_DLOPEN_FAILED';

/** errno has another number on each system, so that elsewhere than on Windows it is reported by its name. */
const nameOf = (systemCode: number | string): number | string =>
  typeof systemCode === 'number' && systemCode > 0 && process.platform !== 'win32'
    ? getSystemErrorName(-systemCode)
    : systemCode;

/** Turns what the system said about a file, which is there, into an error that says what to do. */
export function explainLoadFailure(path: string, failure: LoadFailure): LibraryLoadError {
  const { message } = failure;
  const systemCode = nameOf(failure.systemCode ?? withoutNumber);
  const missingSymbol = failure.missingSymbol ?? entryPoint.exec(message)?.[1];
  if (missingSymbol !== undefined)
    return new LibraryLoadError(
      path,
      `${path} was loaded, but has no function ${missingSymbol}: it is not WeChat Pay's WxpayFaceSDK library. ` +
        'Give the path of the WxpayFaceSDK library in `library` or in the environment variable WXPAY_FACE_SDK.',
      { systemCode },
    );
  const explanation = explanations.find((one) =>
    systemCode === withoutNumber ? one.words?.test(message) : one.systemCodes?.includes(systemCode),
  );
  const said = `The system said: ${message.trim()}${typeof systemCode === 'number' ? ` (error ${systemCode})` : ''}`;
  return new LibraryLoadError(
    path,
    explanation === undefined
      ? `${path} could not be loaded. ${said}`
      : `${path} could not be loaded: ${explanation.problem}. Please ${explanation.advice}. ${said}`,
    { systemCode },
  );
}

import { type FieldRule, isAbsent } from '../fields.js';
import type { Fields } from '../unknown.js';

// The vendor's page, "SDK调用"; the versions and the required fields also from its notes on single fields. Its other two pages
// (刷脸用户, 实名) only as far as they are known: docs/facts.md#commands-and-calls-beyond-the-page.

/** initWxpayface, vendor page 1: an HTTP or SOCKS proxy for the service, and the camera. All optional. */
export interface InitWxpayfaceParams {
  /** The proxy's address. Together with `port`. */
  ip?: string | undefined;
  /** The proxy's port, in digits. Together with `ip`. */
  port?: string | undefined;
  /** The proxy's user. Together with `passwd`. */
  user?: string | undefined;
  /** The proxy's password. Together with `user`. */
  passwd?: string | undefined;
  /** 0 none, 1 HTTP tunnel, 2 SOCKS5, 3 HTTP. Since SDK 1.18. */
  proxy_type?: number | undefined;
  /** Turns the camera's picture: 1 by +90°, 2 by 180°, 3 by -90°. The vendor asks to be consulted first. Since SDK 1.18. */
  camera_rotation?: number | undefined;
}

interface FaceRecognitionParams {
  /** The official account or mini program that the merchant is bound to. */
  appid: string;
  mch_id: string;
  /** Service-provider mode: the sub-merchant's account, up to 32 characters. */
  sub_appid?: string | undefined;
  /** Service-provider mode: the sub-merchant, up to 32 characters. */
  sub_mch_id?: string | undefined;
  /** The shop's number, the merchant's own. */
  store_id: string;
  /** Personal data. From getWxpayfaceUserInfo; with it the customer pays faster. Since SDK 1.24. */
  openid?: string | undefined;
  /** The same as in the payment. Required unless `face_code_type` is "1". 1 to 32 of digits, letters and `_-|*`. */
  out_trade_no?: string | undefined;
  /** Fen, in digits, the same as in the payment. Required unless `face_code_type` is "1". */
  total_fee?: string | undefined;
  /** A credential, from get_wxpayface_authinfo. */
  authinfo: string;
  /** "1": 18 digits for /pay/micropay. "0", the vendor's default: letters and digits for /pay/facepay. Since SDK 1.16. */
  face_code_type?: '0' | '1' | undefined;
  /** The screen for the customer, from "1", the main one, upwards. Since SDK 1.18. */
  screen_index?: string | undefined;
  /** "1": takes no input from an external keyboard. Since SDK 1.23. */
  disable_keyboard?: string | undefined;
  /** "1": the window opens without taking the focus. Since SDK 1.26. */
  use_window_nofocus?: string | undefined;
}

/** getWxpayfaceCode for a payment, vendor page 4. */
export interface GetWxpayfaceCodeParams extends FaceRecognitionParams {
  face_authtype: 'FACEPAY';
}

/**
 * getWxpayfaceCode to prove who somebody is, vendor page 4; WeChat Pay must have granted it. No order, no face_code.
 *
 * Since SDK 1.20 the screen waits afterwards until {@link FaceService.getWxpayAuth} is called, with `quit_face_auth` "1" to
 * leave: whatever the recognition gave, call it, or the next customer finds the screen taken.
 */
export interface FaceAuthParams extends FaceRecognitionParams {
  face_authtype: 'FACE_AUTH';
}

/** updateWxpayfacePayResult, vendor page 8: closes the waiting screen after a face_code was returned. */
export interface UpdateWxpayfacePayResultParams {
  appid: string;
  mch_id: string;
  store_id: string;
  /** A credential: the one that getWxpayfaceCode was called with. */
  authinfo: string;
  payresult: 'SUCCESS' | 'ERROR';
}

/** stopWxpayface, vendor page 9: ends a recognition, as long as no face_code was returned. Since SDK 1.23. */
export interface StopWxpayfaceParams {
  appid: string;
  mch_id: string;
  /** A credential: the one that getWxpayfaceCode was called with. */
  authinfo: string;
}

/**
 * getWxpayfaceUserInfo, the vendor's page 刷脸用户, as far as it is known; any other field is sent as it is. What the service
 * requires is for the service to say; an abort needs appid, mch_id and authinfo, to stop the recognition.
 */
export interface GetWxpayfaceUserInfoParams {
  appid?: string | undefined;
  mch_id?: string | undefined;
  /** Service-provider mode: the sub-merchant's account, up to 32 characters. */
  sub_appid?: string | undefined;
  /** Service-provider mode: the sub-merchant, up to 32 characters. */
  sub_mch_id?: string | undefined;
  store_id?: string | undefined;
  /** "FACEID-ONCE" recognises one face, at once. */
  face_authtype?: string | undefined;
  /** A credential, from get_wxpayface_authinfo. */
  authinfo?: string | undefined;
  [field: string]: unknown;
}

/** getWxpayAuth, the vendor's page 实名, as far as it is known; any other field is sent as it is. Since SDK 1.20. */
export interface GetWxpayAuthParams {
  appid?: string | undefined;
  mch_id?: string | undefined;
  /** Service-provider mode: the sub-merchant's account, up to 32 characters. */
  sub_appid?: string | undefined;
  /** Service-provider mode: the sub-merchant, up to 32 characters. */
  sub_mch_id?: string | undefined;
  store_id?: string | undefined;
  /** A credential: the one that getWxpayfaceCode was called with. */
  authinfo?: string | undefined;
  /** "1": leaves FACE_AUTH's screen. */
  quit_face_auth?: '1' | undefined;
  [field: string]: unknown;
}

/** What every command answers. */
export interface FaceResponse {
  /** SUCCESS, ERROR, PARAM_ERROR, SYSTEMERROR; for single commands others. */
  return_code: string;
  /** The vendor's words on the return_code. */
  return_msg?: string;
}

/** Two ways in which a customer leaves a recognition are outcomes, not errors. */
export type FaceLeft =
  | (FaceResponse & { return_code: 'USER_CANCEL' })
  | (FaceResponse & { return_code: 'SCAN_PAYMENT' });

/** What getWxpayfaceCode with FACEPAY comes to. `face_code` is a credential, `openid` and `face_sid` are personal data. */
export type FaceCodeResult =
  | (FaceResponse & {
      return_code: 'SUCCESS';
      face_code: string;
      openid: string;
      sub_openid?: string;
      face_sid?: string;
    })
  | FaceLeft;

/** What getWxpayfaceCode with FACE_AUTH comes to. The page doesn't list the fields of a SUCCESS. */
export type FaceAuthResult = (FaceResponse & { return_code: 'SUCCESS' } & Record<string, unknown>) | FaceLeft;

/**
 * Who the customer is. `openid` is personal data; it may go into getWxpayfaceCode's `openid`, for a quick payment. `token` is
 * a credential. The page isn't known in full: what else came is there too.
 */
export type FaceUserResult =
  | (FaceResponse & { return_code: 'SUCCESS'; openid?: string; sub_openid?: string; token?: string } & Record<
        string,
        unknown
      >)
  | (FaceResponse & { return_code: 'USER_CANCEL' });

/** A field of a request, and the SDK version that introduced it. */
interface CommandField extends FieldRule {
  readonly since?: string;
  /** A credential or personal data: masked wherever the vendor's words are repeated. */
  readonly secret?: boolean;
}

/** A field that other fields make necessary. */
interface Condition {
  readonly field: string;
  readonly when: (params: Fields) => boolean;
  readonly rule: string;
}

export interface Command {
  /** The SDK version that introduced the command, as far as it is known. */
  readonly since?: string;
  /** 'serial': one at a time for each service. 'overtaking': at once, beside a serial one. */
  readonly lane: 'serial' | 'overtaking';
  /** Its answer needs a customer, so it may take minutes. */
  readonly waitsForPerson: boolean;
  /** If the caller may abort: 'stop' ends the wait by stopWxpayface, 'leave' lets the commands behind it go ahead. */
  readonly abort?: 'stop' | 'leave';
  /** The service has to be initialised before. */
  readonly needsInit: boolean;
  readonly fields: Readonly<Record<string, CommandField>>;
  readonly conditions: readonly Condition[];
  /** The return_codes that are values; every other one is a ServiceCommandError. */
  readonly goodCodes: readonly string[];
  /** Fields of a SUCCESS: those that must be there, and those that may. All are strings. */
  readonly response: {
    readonly required: readonly string[];
    readonly optional: readonly string[];
    /** If it returns false, none of the fields is promised. */
    readonly when?: (params: Fields) => boolean;
  };
}

const required = { required: true } as const;
const optional = {} as const;
const authinfo = { required: true, secret: true } as const;
const onlyOne = { values: ['1'] } as const;
const subMerchant = { sub_appid: { maxCharacters: 32 }, sub_mch_id: { maxCharacters: 32 } } as const;

const together = (field: string, other: string): Condition => ({
  field,
  when: (params) => !isAbsent(params[other]),
  rule: `is required together with ${other}`,
});
const ofTheOrder = (field: string): Condition => ({
  field,
  when: ({ face_authtype, face_code_type }) => face_authtype === 'FACEPAY' && (face_code_type ?? '0') === '0',
  rule: 'is required unless face_code_type is "1"',
});

const succeedsOnly = {
  conditions: [],
  goodCodes: ['SUCCESS'],
  response: { required: [], optional: [] },
} as const;

/** Everything that the vendor's pages say of each command; read by FaceService. */
export const commands = {
  initWxpayface: {
    ...succeedsOnly,
    since: '1.12',
    lane: 'serial',
    waitsForPerson: false,
    needsInit: false,
    fields: {
      ip: optional,
      port: { pattern: /^[0-9]+$/, rule: 'must be digits' },
      user: { secret: true },
      passwd: { secret: true },
      proxy_type: { type: 'integer', minimum: 0, maximum: 3, since: '1.18' },
      camera_rotation: { type: 'integer', minimum: 1, maximum: 3, since: '1.18' },
    },
    conditions: [
      together('port', 'ip'),
      together('ip', 'port'),
      together('passwd', 'user'),
      together('user', 'passwd'),
    ],
  },
  getWxpayfaceRawdata: {
    ...succeedsOnly,
    since: '1.12',
    lane: 'serial',
    waitsForPerson: false,
    needsInit: true,
    fields: {},
    response: { required: ['rawdata'], optional: [] },
  },
  getWxpayfaceCode: {
    since: '1.12',
    lane: 'serial',
    waitsForPerson: true,
    abort: 'stop',
    needsInit: true,
    fields: {
      appid: required,
      mch_id: required,
      ...subMerchant,
      store_id: required,
      openid: { secret: true, since: '1.24' },
      out_trade_no: {
        pattern: /^[0-9A-Za-z_\-|*]{1,32}$/,
        rule: 'must be 1 to 32 of 0-9 A-Z a-z _ - | *',
      },
      total_fee: { pattern: /^[1-9][0-9]*$/, rule: 'must be a whole number of fen in digits, from "1"' },
      face_authtype: { required: true, values: ['FACEPAY', 'FACE_AUTH'] },
      authinfo,
      face_code_type: { values: ['0', '1'], since: '1.16' },
      screen_index: { pattern: /^[1-9][0-9]*$/, rule: 'must be a number in digits, from "1"', since: '1.18' },
      disable_keyboard: { ...onlyOne, since: '1.23' },
      use_window_nofocus: { ...onlyOne, since: '1.26' },
    },
    conditions: [ofTheOrder('out_trade_no'), ofTheOrder('total_fee')],
    goodCodes: ['SUCCESS', 'USER_CANCEL', 'SCAN_PAYMENT'],
    response: {
      required: ['face_code', 'openid'],
      optional: ['sub_openid', 'face_sid'],
      when: ({ face_authtype }) => face_authtype === 'FACEPAY',
    },
  },
  updateWxpayfacePayResult: {
    ...succeedsOnly,
    since: '1.12',
    lane: 'serial',
    waitsForPerson: true,
    abort: 'leave',
    needsInit: true,
    fields: {
      appid: required,
      mch_id: required,
      store_id: required,
      authinfo,
      payresult: { required: true, values: ['SUCCESS', 'ERROR'] },
    },
  },
  stopWxpayface: {
    ...succeedsOnly,
    since: '1.23',
    lane: 'overtaking',
    waitsForPerson: false,
    needsInit: false,
    fields: { appid: required, mch_id: required, authinfo },
  },
  releaseWxpayface: {
    ...succeedsOnly,
    since: '1.12',
    lane: 'serial',
    waitsForPerson: false,
    needsInit: false,
    fields: {},
  },
  getWxpayfaceUserInfo: {
    lane: 'serial',
    waitsForPerson: true,
    abort: 'stop',
    needsInit: true,
    fields: {
      appid: optional,
      mch_id: optional,
      ...subMerchant,
      store_id: optional,
      face_authtype: optional,
      authinfo: { secret: true },
    },
    conditions: [],
    goodCodes: ['SUCCESS', 'USER_CANCEL'],
    response: { required: [], optional: ['openid', 'sub_openid', 'token'] },
  },
  getWxpayAuth: {
    ...succeedsOnly,
    since: '1.20',
    lane: 'serial',
    waitsForPerson: false,
    needsInit: true,
    fields: {
      appid: optional,
      mch_id: optional,
      ...subMerchant,
      store_id: optional,
      authinfo: { secret: true },
      quit_face_auth: onlyOne,
    },
  },
} satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;

const byName: ReadonlyMap<string, Command> = new Map(Object.entries(commands));

/** The row of a command, or undefined for one that is not in the table. */
export const findCommand = (cmd: string): Command | undefined => byName.get(cmd);

import { createHash, randomBytes, randomInt } from 'node:crypto';

interface Face {
  readonly openid: string;
  readonly out_trade_no?: string | undefined;
  readonly total_fee?: string | undefined;
}

const digits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('');

/** What service and gateway hand out and later recognise: authinfos, and codes for faces. */
export class IssuedCodes {
  readonly #authinfos = new Set<string>();
  readonly #faces = new Map<string, Face>();

  newAuthinfo(): string {
    const authinfo = randomBytes(384).toString('base64');
    this.#authinfos.add(authinfo);
    return authinfo;
  }

  knowsAuthinfo(authinfo: unknown): boolean {
    return typeof authinfo === 'string' && this.#authinfos.has(authinfo);
  }

  /** A code for a face: 18 digits for face_code_type "1", else letters and digits bound to the order. */
  newFaceCode(type: unknown, order: { out_trade_no?: string; total_fee?: string }): { code: string; openid: string } {
    const code = type === '1' ? `13${digits(16)}` : randomBytes(24).toString('hex');
    const openid = `oSim${randomBytes(12).toString('hex')}`;
    this.#faces.set(code, { openid, ...(type === '1' ? {} : order) });
    return { code, openid };
  }

  face(code: string): Face | undefined {
    return this.#faces.get(code);
  }

  /** A code that no face gave is somebody's wallet, scanned: it has an openid too. */
  openidOf(code: string): string {
    return this.#faces.get(code)?.openid ?? `oSim${createHash('sha256').update(code).digest('hex').slice(0, 24)}`;
  }
}

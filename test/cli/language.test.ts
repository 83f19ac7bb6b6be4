import { expect } from 'chai';
import { displayWidth, padEnd, padStart, wrapped } from '../../lib/cli/columns.js';
import { languageOf } from '../../lib/cli/language.js';
import { localDay, localGatewayTime, localTime } from '../../lib/cli/time.js';
import { run } from '../support/command.js';

const nowhere = () => 'C';

describe('the language of the command line', () => {
  const environments: ReadonlyArray<readonly [env: Record<string, string>, expected: 'en' | 'zh']> = [
    [{}, 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh' }, 'zh'],
    [{ LANG: 'zh_TW.Big5' }, 'zh'],
    [{ LANG: 'zh-Hans-CN' }, 'zh'],
    [{ LANG: 'C' }, 'en'],
    [{ LANG: 'POSIX' }, 'en'],
    [{ LANG: 'C.UTF-8' }, 'en'],
    [{ LANG: 'de_DE.UTF-8' }, 'en'],
    [{ LANG: 'zha_CN' }, 'en'],
    [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'en_US.UTF-8', LC_ALL: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8', LC_ALL: 'C' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: '', LC_ALL: '' }, 'zh'],
    // Not about what is said.
    [{ LC_CTYPE: 'zh_CN.UTF-8' }, 'en'],
  ];
  for (const [env, expected] of environments)
    it(`is ${expected} by ${JSON.stringify(env)}`, () => {
      expect(languageOf([], env, nowhere)).to.equal(expected);
    });

  it('is that of the user where the environment says nothing, as on Windows', () => {
    expect(languageOf([], {}, () => 'zh-CN')).to.equal('zh');
    expect(languageOf([], {}, () => 'en-US')).to.equal('en');
    expect(languageOf([], { LANG: 'C' }, () => 'zh-CN')).to.equal('en');
  });

  it('is that of --lang before all else, of the last one, and not behind --', () => {
    const env = { LC_ALL: 'zh_CN.UTF-8' };
    expect(languageOf(['pay', '--lang', 'en'], env, nowhere)).to.equal('en');
    expect(languageOf(['--lang=en', 'pay'], env, nowhere)).to.equal('en');
    expect(languageOf(['pay', '--lang', 'zh'], {}, nowhere)).to.equal('zh');
    expect(languageOf(['--lang', 'en', '--lang=zh'], {}, nowhere)).to.equal('zh');
    expect(languageOf(['pay', '--', '--lang', 'zh'], {}, nowhere)).to.equal('en');
    expect(languageOf(['pay', '--lang'], {}, nowhere)).to.equal('en');
    expect(languageOf(['pay', '--lang', 'fr'], env, nowhere)).to.equal('zh');
  });

  for (const args of [
    ['--lang', 'zh', 'query'],
    ['query', '--lang', 'zh'],
    ['query', '--lang=zh'],
  ])
    it(`is chosen by ${args.join(' ')}`, async () => {
      const { stderr, code } = await run(args);
      expect(stderr).to.equal('wxpay-face：必须给出商户订单号，或者 --transaction-id\n');
      expect(code).to.equal(2);
    });

  it('may be zh or en', async () => {
    const wrong = await run(['query', 'A1', '--lang', 'fr'], { env: { LANG: 'zh_CN.UTF-8' } });
    expect(wrong.stderr).to.match(/^错误：选项 --lang <language> 不能取“fr”，可选值：zh、en。/);
    expect(wrong.code).to.equal(2);
    expect((await run(['query', '--lang', 'en'], { env: { LANG: 'zh_CN.UTF-8' } })).stderr).to.match(/is required/);
  });

  for (const args of [['query'], ['payy'], ['pay', '0'], ['doctor'], ['journal', 'list', '--journal', 'nowhere']])
    it(`changes nothing with --json: ${args.join(' ')}`, async () => {
      const [english, chinese] = await Promise.all(
        ['en_US.UTF-8', 'zh_CN.UTF-8'].map((LANG) => run([...args, '--json'], { env: { LANG } })),
      );
      expect(chinese).to.deep.equal(english);
    });
});

describe('columns of a terminal', () => {
  it('are two for a Chinese character, and for its punctuation', () => {
    expect(displayWidth('abc')).to.equal(3);
    expect(displayWidth('收银机 1：¥12.50')).to.equal(6 + 2 + 2 + 6);
    expect(padEnd('已支付', 9)).to.equal('已支付   ');
    expect(padStart('已支付', 9)).to.equal('   已支付');
    expect(padEnd('已支付', 3)).to.equal('已支付');
  });

  it('end between words, and between Chinese characters', () => {
    expect(wrapped('one two three', 8)).to.deep.equal(['one two', 'three']);
    expect(wrapped('一二三四五', 4)).to.deep.equal(['一二', '三四', '五']);
    expect(wrapped('用 wxpay-face 查询', 13)).to.deep.equal(['用 wxpay-face', '查询']);
    expect(wrapped('', 10)).to.deep.equal(['']);
  });

  it('begin with no closing mark, and end with no opening one', () => {
    expect(wrapped('一二。三', 4)).to.deep.equal(['一', '二。', '三']);
    expect(wrapped('一（二）', 4)).to.deep.equal(['一', '（二）']);
  });

  it('leave no Latin word of a Chinese text alone', () => {
    expect(wrapped('可选值：zh、en）', 12)).to.deep.equal(['可选', '值：zh、en）']);
  });
});

describe('times on the command line', () => {
  const before = process.env.TZ;
  const at = (zone: string): void => {
    process.env.TZ = zone;
  };
  afterEach(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  it('are local, with the zone', () => {
    const time = Date.UTC(2026, 10, 26, 20, 48, 2);
    at('Asia/Shanghai');
    expect(localTime(time)).to.equal('2026-11-27 04:48:02 +08:00');
    expect(localDay(time)).to.equal('2026-11-27');
    at('America/St_Johns');
    expect(localTime(time)).to.equal('2026-11-26 17:18:02 -03:30');
    at('UTC');
    expect(localTime(time)).to.equal('2026-11-26 20:48:02 +00:00');
  });

  it('are read from the gateway’s, which are Beijing’s', () => {
    at('UTC');
    expect(localGatewayTime('20261127044802')).to.equal('2026-11-26 20:48:02 +00:00');
    expect(localGatewayTime('2026-11-27 04:48:02')).to.equal('2026-11-26 20:48:02 +00:00');
    expect(localGatewayTime('soon')).to.equal('soon');
  });
});

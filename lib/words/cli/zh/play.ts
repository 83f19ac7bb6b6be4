import type { play as English } from '../en/play.js';
import { payments } from './payments.js';

const hosts: Readonly<Record<string, string>> = { 'in-process': '本进程内', 'host-process': '宿主进程' };

export const play: typeof English = {
  acts: {
    pays: '顾客完成支付',
    password: '顾客需要输入密码，并已输入',
    reversed: '未能及时得到结果：撤销这笔支付',
    leaves: '顾客离开了摄像头',
  },
  act: (index, title, scenario) => `\n${index}. ${title}（情景 ${scenario}）`,
  at: (milliseconds) => `${milliseconds} 毫秒`,
  outcome: (status, reason, number, amount) =>
    `   结果      ${status}${reason === '' ? '' : ` · ${reason}`} · 订单 ${number} · ${amount}`,
  ledger: (says) => `   账本      ${says}`,
  noOrder: '没有这笔订单',
  entry: (state, charged, refunded) => `${payments.seen.state(state)}，扣款 ${charged}，退款 ${refunded}`,
  agree: '   两者一致',
  disagree: (expected) => `   两者不一致（预期：${expected}）`,
  library: (path, arch, host) => `动态库    ${path}（${arch}，${hosts[host] ?? host}）`,
  tlsGateway: (origin) => `支付网关  ${origin}（TLS，带客户端证书）`,
  journal: (folder) => `流水      ${folder}`,
  interrupted: '\n已中断。',
  allAgree: '\n所有结果都与支付网关的账本一致。',
  oneDisagrees: '\n有结果与支付网关的账本不一致。',
  console: (url) => `控制台    ${url}`,
  gateway: (origin) => `支付网关  ${origin}`,
  service: (pipe) => `刷脸服务  ${pipe}`,
  simulatedLibrary: (path) => `动态库    ${path}`,
  config: (file) => `配置      ${file}（可以试试：wxpay-face doctor --config "${file}"）`,
  howToEnd: '按 Ctrl-C 结束。',
};

import type { ErrorFacts } from '../facts.js';
import { type Translations, translated } from './translated.js';

const howToName = '请用配置项 library 或环境变量 WXPAY_FACE_SDK 给出动态库的绝对路径';

/** What is wrong with a file that is to be loaded, by the words of its error. */
const problems: Translations = [
  [/ is relative, and would depend/, () => `动态库的路径是相对路径。${howToName}`],
  [/ is inside an asar archive/, () => '动态库在 asar 包内，系统无法加载：请把它解压出来（asarUnpack）'],
  [/ is a folder\. Did you mean (.*)\?/s, (meant) => `这是目录，不是动态库：是不是 ${meant}？`],
  [/^there is no file /, () => `没有这个文件。${howToName}；它随 WxpayFaceService 程序提供`],
  [/ may not be read by the user/, () => '运行本程序的用户不能读取它：请授予读取权限'],
  [
    / is for (\S+), this process is (\S+?), and wxpay-face has no host process/,
    (arch, own) => `动态库是 ${arch} 的，本程序是 ${own}，而且没有可用的宿主进程：请使用 ${own} 的动态库`,
  ],
  [
    / is for (\S+), this process is (\S+?)\. Leave out host/,
    (arch, own) => `动态库是 ${arch} 的，本程序是 ${own}：请去掉配置项 host，由宿主进程运行它`,
  ],
  [/ is not a library\./, () => `这不是动态库。${howToName}`],
  [
    / is an? (\S+) file(?: for (\S+))?; this process is (\S+?)\./,
    (format, _arch, own) => `这是 ${format} 格式的文件，而本程序是 ${own}。${howToName}`,
  ],
  [/ is a program, not a library/, () => `这是程序，不是动态库。${howToName}`],
  [/ is cut off/, () => '文件不完整：请从厂商重新复制'],
  [
    / was loaded, but has no function (\w+)/,
    (symbol) => `其中没有函数 ${symbol}，不是微信支付的 WxpayFaceSDK 动态库。${howToName}`,
  ],
  [/it is not there any more/, () => '文件已经不在了：请把厂商的整个目录放回原处'],
  [/a library that it depends on is missing/, () => '缺少它所依赖的库：请放入厂商的整个目录，而不只是这一个文件'],
  [/a library that it depends on lacks a function/, () => '它所依赖的库版本不对：请放入厂商同一版本的整个目录'],
  [/it is no library that this platform can load/, () => '本系统无法加载它：请从厂商重新复制，文件可能已损坏'],
  [/the system denies access/, () => '系统拒绝访问：请允许运行本程序的用户读取和执行它，并检查杀毒软件'],
  [/its own start-up code failed/, () => '它的启动代码失败：请先启动一次 WxpayFaceService 程序，或重新安装'],
  [/an antivirus program blocks it/, () => '杀毒软件阻止了它：请在杀毒软件中放行'],
  [/its folder does not allow programs to run/, () => '所在目录不允许运行程序：请移到其他目录'],
  [/wxpay-face has no binary for (\S+):/, (platform) => `wxpay-face 没有适用于 ${platform} 的二进制文件`],
  [/wxpay-face's own binary/, () => 'wxpay-face 自己的二进制文件无法加载：请重新安装'],
  [/is not the binary of this version/, () => '二进制文件与 wxpay-face 的版本不符：请重新安装'],
];

export function loadFailure({ path = '', systemCode = '', message }: ErrorFacts): string {
  const why = translated(problems, message, () => `系统无法加载它${systemCode === '' ? '' : `（${systemCode}）`}`);
  return `无法加载 ${path}：${why}`;
}

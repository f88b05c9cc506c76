/**
 * Rules of oxlint for what passes on one machine only: another path, language or time zone is enough to break it.
 * In ESLint's form of a plugin, which oxlint takes.
 */
const named = (node, name) => node?.type === 'MemberExpression' && node.property.name === name;

/** @param {string} message @param {(report: (node: object) => void) => object} visitor */
const rule = (message, visitor) => ({ create: (context) => visitor((node) => context.report({ node, message })) });

const holdsMeta = (node) =>
  node !== null && typeof node === 'object' && (node.type === 'MetaProperty' || holdsMeta(node.object));

export default {
  meta: { name: 'portable' },
  rules: {
    'file-url-path': rule('A path with a space or an accent is encoded in a URL: use fileURLToPath.', (report) => ({
      MemberExpression(node) {
        const { object } = node;
        const isUrl = object.type === 'NewExpression' && object.callee.name === 'URL';
        if (named(node, 'pathname') && isUrl && object.arguments.some(holdsMeta)) report(node);
      },
    })),
    'locale-compare': rule('Its order is another one in another language: compare with <.', (report) => ({
      CallExpression(node) {
        if (named(node.callee, 'localeCompare') && node.arguments.length < 2) report(node);
      },
    })),
    'locale-named': rule('Its text is another one in another language or time zone: name the locale.', (report) => ({
      CallExpression(node) {
        const called = node.callee.type === 'MemberExpression' ? node.callee.property.name : undefined;
        if (called?.startsWith('toLocale') && node.arguments.length === 0) report(node);
      },
    })),
  },
};

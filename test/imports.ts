/** Which file may import what: dependencies point one way, so that no part can pull in another behind its back. */
import { dirname, join, normalize } from 'node:path/posix';
import ts from 'typescript';

/** An import as it is written, with its line. */
export interface Import {
  specifier: string;
  line: number;
  /** `import type` and `export type`: gone when the program runs. */
  typeOnly: boolean;
}

/** Modules of Node that reach outside the program; posture is pure. */
const IO =
  /^(node:)?(fs|fs\/promises|net|http|https|http2|dns|tls|dgram|child_process|cluster|worker_threads|process|os|readline|timers|timers\/promises|inspector|repl|vm|sqlite)$/;

/** Folders of ours that a folder may import from; itself always. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  posture: [],
  app: ['posture'],
  local: ['app', 'posture'],
  infra: ['posture'],
  scripts: ['posture', 'app', 'local', 'infra'],
  test: ['posture', 'app', 'local', 'infra', 'scripts'],
};

/** All imports of a source: static, re-exported, dynamic, `import x = require()`, and types by `import('…')`. */
export function importsOf(source: string, file = 'file.ts'): Import[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const note = (node: ts.Node, specifier: ts.Node | undefined, typeOnly = false): void => {
    if (!specifier) return;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
    // A path that is put together at run time cannot be checked, so it is refused.
    const text = ts.isStringLiteralLike(specifier) ? specifier.text : `(computed) ${specifier.getText(tree)}`;
    found.push({ specifier: text, line: line + 1, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      note(node, node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) note(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
      note(node, node.moduleReference.expression, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && isLoading(node.expression)) note(node, node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const isLoading = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');

/**
 * What is wrong with a file's imports, one line each.
 * @param file path from the root of the project, with slashes
 */
export function violations(file: string, source: string): string[] {
  const [from] = file.split('/') as [string];
  return importsOf(source, file).flatMap(({ specifier, line }) => {
    const why = refuse(file, from, specifier);
    return why ? [`${file}:${line}: imports ${specifier}: ${why}`] : [];
  });
}

function refuse(file: string, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('(computed)')) {
    // Tools and tests load by path what they start; the program itself never does.
    return ['scripts', 'test', 'infra'].includes(from) ? undefined : 'a path that is not written out cannot be checked';
  }
  if (from === 'posture' && IO.test(specifier)) return 'posture does no I/O';
  if (/^([/]|file:)/.test(specifier)) return 'write it as a relative path';
  if (!specifier.startsWith('.')) return undefined;
  const target = normalize(join(dirname(file), specifier));
  const [to] = target.split('/') as [string];
  if (to === from) return undefined;
  if (to === '..') return 'it is outside the project';
  const allowed = ALLOWED[from] ?? [];
  if (allowed.includes(to) || !(to in ALLOWED)) return undefined;
  return `${from} may import ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'nothing'} of ours`;
}

/** Folders whose files are checked. */
export const FOLDERS = Object.keys(ALLOWED);

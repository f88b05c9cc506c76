/** What a source file imports, by TypeScript's own parser. */
import ts from 'typescript';

/** An import as it is written, with its line. */
export interface Import {
  specifier: string;
  line: number;
  /** `import type` and `export type`: gone when the program runs. */
  typeOnly: boolean;
}

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

/** All texts in a source beside its imports: a path among them may name a file that it starts or reads. */
export function textsOf(source: string, file = 'file.ts'): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isImportTypeNode(node)) return;
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, false));
  return found;
}

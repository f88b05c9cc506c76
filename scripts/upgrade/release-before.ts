/** The commit of the release before this one: what `CHANGELOG.md` is counted from, and whose state the tests upgrade. Moves with each release. */
export const RELEASE_BEFORE = '36825e79d65b37452a49ada7452d4cc40fef2fa8';

/** The program: configuration, proof, then the target. Nothing is declared before the posture is proven. */
import * as pulumi from '@pulumi/pulumi';
import { assertProven, prove } from '../posture/laws/index.ts';
import { PostureError, resolve } from '../posture/resolve.ts';
import type { Posture } from '../posture/schema/index.ts';
import { awsProblems, awsWarnings, exampleOwner } from './aws/checks.ts';
import {
  configProblems,
  configWarnings,
  contradictions,
  missingForAws,
  plainConfig,
  rawPosture,
  readSettings,
} from './config.ts';
import { missingForProviders } from './provider-keys.ts';
import { refuse } from './refuse.ts';
import type { Outputs } from './settings.ts';

const inPosture = (problems: readonly string[]): string[] => problems.map((problem) => `evenkeel:posture: ${problem}`);

function provenPosture(): Posture {
  try {
    const posture = resolve(rawPosture());
    assertProven(posture);
    return posture;
  } catch (error) {
    if (error instanceof PostureError) return refuse(inPosture(error.problems));
    throw error;
  }
}

/** The proof, a line a law with its sums, and a line a promise: the stack's output `proof`. */
function proofLines(posture: Posture): string[] {
  const { laws, promises } = prove(posture);
  return [
    ...laws.map(({ name, arithmetic }) => `${name}: ${arithmetic.join('; ')}`),
    ...promises.map(({ says, shown }) => `promise: ${says}: ${shown}`),
  ];
}

/** Deploys what the stack's configuration says, or refuses with one line for each thing that is wrong. */
export async function program(): Promise<Outputs> {
  const values = plainConfig();
  const problems = configProblems(values);
  if (problems.length > 0) return refuse(problems);
  const posture = provenPosture();
  const settings = { ...readSettings(), posture, proof: proofLines(posture) };

  const keys = missingForProviders(values, posture);
  if (settings.target === 'docker') {
    if (keys.length > 0) return refuse(keys);
    return (await import('./docker/index.ts')).deploy(settings);
  }
  const place = { project: settings.project, stack: settings.stack, region: values['aws:region'] ?? '' };
  const wanting = [
    ...missingForAws(values, posture),
    ...keys,
    ...contradictions(values, posture),
    ...inPosture([...exampleOwner(posture), ...awsProblems(posture, place)]),
  ];
  if (wanting.length > 0) return refuse(wanting);
  for (const warning of [...inPosture(awsWarnings(posture)), ...configWarnings(values)]) await pulumi.log.warn(warning);
  return (await import('./aws/index.ts')).deploy(settings);
}
